"""Objects as somebody drew them in, a stored result out: measured as every other."""

from shared.editing.editor import Editor
from shared.editing.request import EditRequest, MadeResult

__all__ = ["EditRequest", "Editor", "MadeResult"]
