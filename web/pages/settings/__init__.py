"""The pages of the account: one module a page or two, forms that need no JavaScript."""

from web.pages.settings import credentials, leaving, profile, tokens

PARTS = (profile, credentials, tokens, leaving)
