"""How the address of the database is written for each library."""

from psycopg.conninfo import conninfo_to_dict

from shared.database.engine import driver_url, plain_url

SOCKET = "postgresql://celltally:s%2Fecret@/celltally?host=/run/celltally"


def test_the_driver_is_ours_whatever_the_address_says() -> None:
    for scheme in ("postgresql", "postgresql+psycopg2", "postgresql+psycopg"):
        assert driver_url(f"{scheme}://db.example/cells").drivername == "postgresql+psycopg"


def test_libpq_gets_the_address_back_with_its_secret() -> None:
    assert plain_url(driver_url("postgresql://ada:pw@db:5433/cells")) == (
        "postgresql://ada:pw@db:5433/cells"
    )
    assert driver_url(plain_url(SOCKET)) == driver_url(SOCKET)


def test_a_secret_or_a_folder_with_a_space_reaches_libpq() -> None:
    written = plain_url(driver_url("postgresql://ada:a%20b%2Bc@/cells?host=/my%20home/r%2Bn"))

    understood = conninfo_to_dict(written)

    assert understood["password"] == "a b+c"
    assert understood["host"] == "/my home/r+n"
    assert driver_url(written).password == "a b+c"
