"""The column types that the tables are made of."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: Predictable constraint names, so that a migration can drop what another made.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The mapped classes; they have no behaviour."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute as it is.
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        UUID: Uuid(),
    }


Base.metadata.naming_convention = NAMING

Identifier = Annotated[
    UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
]
Moment = Annotated[datetime, mapped_column(server_default=func.now())]
Tally = Annotated[int, mapped_column(BigInteger, server_default="0")]
BigInt = Annotated[int, mapped_column(BigInteger)]


def one_of(column: str, words: type) -> CheckConstraint:
    """Allow in *column* only the words of an enumeration, so SQL knows no other."""
    listed = ", ".join(f"'{word}'" for word in words)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_word")
