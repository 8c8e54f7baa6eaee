"""Settings of components: each is declared once, in the class that it belongs to."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, get_args, overload
from weakref import WeakKeyDictionary, ref

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from thinc.api import Model

from ..errors import InputError

T = TypeVar("T")
CONFIGURED = "configured"  # what the config said when the component was made


class Setting(Generic[T]):
    """A setting of a component: `window = Setting[int](256)`.

    It is a keyword of the component's factory, an attribute of the component, and an entry of its `cfg`, so it travels
    with `to_bytes`. `check` is called with each new value and raises InputError."""

    def __init__(self, default: T, check: Callable[[T], Any] | None = None):
        self.default, self.check = default, check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def kind(self) -> Any:
        """The type in brackets, by which spaCy validates a config."""
        return get_args(self.__orig_class__)[0]  # type: ignore[attr-defined]

    @overload
    def __get__(self, pipe: None, owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, pipe: object, owner: type) -> T: ...
    def __get__(self, pipe: Any, owner: type) -> Any:
        return self if pipe is None else pipe.cfg[self.name]

    def __set__(self, pipe: Any, value: T) -> None:
        if self.check is not None:
            try:
                self.check(value)
            except InputError as error:
                raise InputError(f"{error}, as {self.name}") from error
        pipe.cfg[self.name] = value


def settings_of(component: type) -> dict[str, Setting]:
    """The settings of a class and of those it derives from; a class may give one another default."""
    found: dict[str, Setting] = {}
    for owner in reversed(component.__mro__):
        found.update({name: value for name, value in vars(owner).items() if isinstance(value, Setting)})
    return found


class Configured:
    """A component with settings. `cfg` must exist before `configure` is called."""

    cfg: dict[str, Any]

    def configure(self, given: Mapping[str, Any]) -> None:
        """Takes over the settings that are given, and the defaults of the rest. Raises TypeError for unknown names."""
        settings = settings_of(type(self))
        if unknown := given.keys() - settings.keys():
            raise TypeError(f"expected settings out of {', '.join(settings)}, got {', '.join(sorted(unknown))}")
        for name, setting in settings.items():
            setattr(self, name, given[name] if name in given else deepcopy(setting.default))
        # Copies: who changes a list or dict in place changes the setting, not what was configured.
        self.cfg[CONFIGURED] = {name: deepcopy(self.cfg[name]) for name in settings}

    def reconfigure(self, nlp: Language, name: str, **settings: Any) -> None:
        """Changes settings here and in the pipeline's config, where the component has this name: as if it had been made
        with them."""
        for key, value in settings.items():
            setattr(self, key, value)
            self.cfg[CONFIGURED][key] = deepcopy(value)
            nlp.get_pipe_config(name)[key] = deepcopy(value)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Saves the component, and its settings as they are now in the config of the pipeline around it, which spaCy
        has just written. So what `spacy.load` is told is compared with these."""
        made = self.cfg[CONFIGURED]
        now = {name: self.cfg[name] for name in settings_of(type(self))}
        try:
            if now != made and _write_settings(Path(path), now):
                self.cfg[CONFIGURED] = now
            super().to_disk(path, exclude=exclude)  # type: ignore[misc]
        finally:
            self.cfg[CONFIGURED] = made

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Any:
        """Loads the component. A setting that was changed after the component was made is as it was saved, unless
        `spacy.load` was told another value: then that one holds."""
        given = dict(self.cfg)
        super().from_disk(path, exclude=exclude)  # type: ignore[misc]
        saved = self.cfg.get(CONFIGURED, {})
        for name in settings_of(type(self)):
            if name not in saved or saved[name] != given[name]:
                self.cfg[name] = given[name]
        self.cfg[CONFIGURED] = given[CONFIGURED]
        return self


def _write_settings(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Writes settings into the config of the pipeline that a component's folder is in. RETURNS: whether there is one
    with this component."""
    file = folder.parent / "config.cfg"
    if not file.is_file():
        return False
    config = load_config(file)
    if folder.name not in config.get("components", {}):
        return False
    config["components"][folder.name].update(settings)
    config.to_disk(file)
    return True


class Kind(NamedTuple):
    """What spaCy is told of a component: the attributes it assigns, the default weights of its scores, and the
    registered name of its scorer."""

    assigns: list[str]
    score_weights: dict[str, float | None]
    scorer: str


def register(name: str, component: Any, kind: Kind, model: Mapping[str, Any] | None = None) -> Callable:
    """Registers a class with settings as a spaCy factory. model: the default architecture, for a component that has
    one. RETURNS: the factory."""
    settings = settings_of(component)

    def make(nlp: Language, name: str, **given: Any) -> Any:
        made = component(nlp.vocab, name=name, **given)
        _made_for[made] = ref(nlp)
        return made

    types: dict[str, Any] = {"nlp": Language, "name": str, "scorer": Callable | None}
    defaults: dict[str, Any] = {"scorer": {"@scorers": kind.scorer}}
    if model is not None:
        types["model"], defaults["model"] = Model[list[Doc], Any], model
    for key, setting in settings.items():
        types[key], defaults[key] = setting.kind, deepcopy(setting.default)
    keywords = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=types[key]) for key in types]
    make.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    make.__doc__ = component.__doc__
    make.__qualname__ = make.__name__ = f"make_{name}"
    make.__module__ = component.__module__
    return Language.factory(
        name, assigns=kind.assigns, default_config=defaults, default_score_weights=kind.score_weights, func=make
    )


# Beside the components, which are pickled without their pipeline
_made_for: WeakKeyDictionary[Any, "ref[Language]"] = WeakKeyDictionary()


def components_before(component: Any, doc: Doc) -> list[Any] | None:
    """Returns the enabled components before this one in the pipeline that it was made for. None if that is not known to
    be the document's, as where the component was unpickled or comes from another pipeline."""
    nlp = _made_for.get(component, lambda: None)()
    if nlp is None or nlp.vocab is not doc.vocab:
        return None
    components = [each for _, each in nlp.pipeline]
    return components[: components.index(component)] if component in components else None


def at_least(least: float) -> Callable[[float], None]:
    """A check that a number is not smaller."""

    def check(value: float) -> None:
        if value < least:
            raise InputError(f"expected a number of at least {least}, got {value}")

    return check


def one_of(*choices: str) -> Callable[[str], None]:
    """A check that a string is one of the choices."""

    def check(value: str) -> None:
        if value not in choices:
            raise InputError(f"expected one of {', '.join(choices)}, got {value!r}")

    return check
