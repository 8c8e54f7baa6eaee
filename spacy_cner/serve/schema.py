"""What a request may say and what a response says, as the OpenAPI document shows it."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
    model_validator,
)

from ..errors import InputError
from ..pipeline.reference import parse_reference

OffsetUnit = Literal["codepoint", "utf16", "utf8"]
DocumentId = StrictInt | Annotated[str, Field(max_length=200, strict=True)]
Probability = Annotated[float, Field(ge=0, le=1, strict=True)]
MOST_READINGS = 20
MOST_TERMS = 1000
# With something to read. Python takes \x1c to \x1f for white space, too.
ONE_LINE = r"^[^\n\r\t\x00]*[^\s\x00\x1c-\x1f][^\n\r\t\x00]*$"
LABEL = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"  # and without control characters


def _is_moment(text: str) -> str:
    try:
        parse_reference(text)
    except InputError:
        raise ValueError("expected a date or time in ISO 8601, such as 2026-11-26 or 2026-11-26T10:00") from None
    return text


Line = Annotated[str, Field(max_length=200, strict=True, pattern=ONE_LINE)]
Moment = Annotated[
    StrictStr,
    AfterValidator(_is_moment),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]


class Strict(BaseModel):
    """Takes no field that it does not know."""

    model_config = ConfigDict(extra="forbid")


class DocumentIn(Strict):
    """A text with a name of its own."""

    id: DocumentId
    text: StrictStr


class TermIn(Strict):
    """A term that is an entity wherever it stands."""

    term: Line
    label: Annotated[str, Field(max_length=100, strict=True, pattern=LABEL), AfterValidator(str.strip)]
    id: Line | None = Field(None, description="Its entry in a knowledge base, which its entities get as kb_id")


class EntitiesRequest(Strict):
    """Texts, or documents, and what to tell of them."""

    model: StrictStr | None = Field(None, description="Name of a pipeline; the first one by default")
    texts: list[StrictStr] | None = Field(None, description="Texts; their ids are their positions, from 0")
    documents: list[DocumentIn] | None = Field(None, description="Instead of texts: texts with ids")
    labels: list[StrictStr] | None = Field(None, description="Tell of these types of entities only")
    min_score: Probability = Field(0.0, description="Leave out entities that are less probable")
    n_best: Annotated[int, Field(ge=0, le=MOST_READINGS, strict=True)] = Field(
        0, description="Also tell so many readings of each part of a document, the most probable ones"
    )
    offsets: OffsetUnit = Field("codepoint", description="What offsets count; the end is behind the last character")
    words: StrictBool = Field(False, description="Also tell the words, where the pipeline has them")
    dictionary: Annotated[list[TermIn], Field(max_length=MOST_TERMS)] | None = Field(
        None, description="Entities for this request alone, where the pipeline has a cner_dictionary"
    )
    never: Annotated[list[Line], Field(max_length=MOST_TERMS)] | None = Field(
        None,
        description="Strings that are no names in this request alone, where the pipeline has a cner_dictionary; "
        "a longer term of a dictionary wins over them",
    )
    reference_date: Moment | None = Field(
        None,
        description="The date or time that dates of this request refer to, where the pipeline has a cner_values; "
        "a time zone is left out. Without it, what the pipeline says, else the server's present",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "EntitiesRequest":
        if (self.texts is None) == (self.documents is None):
            raise ValueError("expected either texts or documents")
        return self

    def items(self) -> list[tuple[int | str, str]]:
        """Returns the id and the text of each document."""
        if self.documents is not None:
            return [(document.id, document.text) for document in self.documents]
        return list(enumerate(self.texts or ()))


class EntityOut(BaseModel):
    """An entity. `score` is its probability, null where its component gives none, absent in a reading."""

    start: int
    end: int
    label: str
    text: str
    score: float | None = None
    kb_id: str | None = Field(None, description="Its entry in a knowledge base, where known")
    kb_url: str | None = Field(None, description="The address of this entry, where known; http or https")
    value: Any = Field(None, description="What it says in a normal form, where known")


class WordOut(BaseModel):
    """A word, with its part of speech where known."""

    start: int
    end: int
    text: str
    label: str


class ReadingOut(BaseModel):
    """One way to read the part of a document from `start` to `end`, with its probability."""

    start: int
    end: int
    score: float
    entities: list[EntityOut]


class FaultOut(BaseModel):
    """Why a document has no entities."""

    title: str
    detail: str


class DocumentOut(BaseModel):
    """What was found in a document, or its error."""

    id: DocumentId
    entities: list[EntityOut] | None = None
    words: list[WordOut] | None = None
    readings: list[ReadingOut] | None = None
    error: FaultOut | None = None


class ModelName(BaseModel):
    """A pipeline and its version."""

    name: str
    version: str


class EntitiesResponse(BaseModel):
    """The documents in the order of the request."""

    model: ModelName
    offsets: OffsetUnit
    documents: list[DocumentOut]


class ModelOut(ModelName):
    """A pipeline that the server has."""

    labels: list[str]
    components: list[str]
    has_words: bool
    has_readings: bool
    has_dictionary: bool
    has_values: bool
    description: str


class ModelsResponse(BaseModel):
    """All pipelines; the first one is the default."""

    models: list[ModelOut]


class ProblemPart(BaseModel):
    """A fault in a request and where it is, as a JSON pointer."""

    where: str
    detail: str


class ProblemOut(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: list[ProblemPart] | None = None
