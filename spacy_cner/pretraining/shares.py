"""What stands in the place of a character that is to be predicted."""

# As in BERT (Devlin et al. 2019, section 3.1): a mask, another character, or, for the rest, the character itself.
MASKED_SHARE, REPLACED_SHARE = 0.8, 0.1
