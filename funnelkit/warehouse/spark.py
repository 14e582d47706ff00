"""Apache Spark in this process: its session, its profile for dbt, and what it needs to be there.

Tables, metastore and logs are in one folder beside the warehouse, `build/spark`. What a cluster
would be told in its own profile, `local` stands for here (docs/scale.md).
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from funnelkit.project.locate import Paths

DUCKDB, SPARK = "duckdb", "spark"
_SCHEMA = "main"
_ROWS_A_TASK = 500_000
# Below it compiling an expression takes longer than the rows do.
_WORTH_COMPILING = 1_000_000
_MEMORY = "2g"
_LEAST_MEMORY = 512  # MB; Spark does not start below 450, of which Java keeps a part
_JAVA = 17
_HOLDS = "holds.json"
# Of an error in Java, py4j tells the call first, and then the exception.
_EXCEPTION = re.compile(r"^[:\s]*((?:[\w$]+[.])*[\w$]*(?:Exception|Error): \S.*)", re.M)
_LOGGING = """\
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {file}
appender.file.append = false
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{HH:mm:ss}} %p %c{{1}}: %m%n
"""


def folder(paths: "Paths") -> Path:
    """Where Spark keeps this project's tables, metastore and logs."""
    return folder_of(paths.warehouse)


def folder_of(warehouse: Path) -> Path:
    """The same, beside a warehouse's file."""
    return warehouse.parent / "spark"


def tables(paths: "Paths") -> Path:
    """The folder of the built tables, a folder of Parquet files each."""
    return folder(paths) / "warehouse" / f"{_SCHEMA}.db"


def check() -> None:
    """Raises FunnelkitError, with what to do, unless Spark can run here."""
    missing = [name for name in ("pyspark", "dbt.adapters.spark") if not _found(name)]
    if missing:
        raise FunnelkitError("Spark is not installed here", "pip install 'funnelkit[spark]'")
    hint = "on Debian: apt-get install openjdk-17-jre-headless; else set JAVA_HOME"
    java = _java()
    if java is None:
        home = os.environ.get("JAVA_HOME")
        if home:
            raise FunnelkitError(
                f"Spark needs Java 17 or newer, and JAVA_HOME is {home}, without bin/java",
                "set JAVA_HOME to the folder that has it, or unset it for the `java` of the path",
            )
        raise FunnelkitError("Spark needs Java 17 or newer, and there is no `java`", hint)
    version = _version(java)
    if version and version < _JAVA:
        raise FunnelkitError(f"Spark needs Java 17 or newer, and {java} is {version}", hint)
    _memory()


def _java() -> str | None:
    """As Spark looks for it: in JAVA_HOME, then in the path."""
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        return str(java) if java.is_file() else None
    return shutil.which("java")


def _version(java: str) -> int:
    """Its first number, of Java 8 1, as it calls itself 1.8; 0 if it says none."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def output(paths: "Paths", cores: int, rows: int = 0) -> dict[str, Any]:
    """The output of profiles.yml for a build of so many raw rows."""
    return {
        "type": "spark",
        "method": "session",
        "host": "NA",
        "schema": _SCHEMA,
        "threads": cores,
        "server_side_parameters": settings(folder(paths), cores, rows),
    }


def settings(where: Path, cores: int, rows: int = 0) -> dict[str, str]:
    """Spark's configuration: all it writes is below `where`. Others go into spark-defaults.conf."""
    found = {
        "spark.master": f"local[{cores}]",
        "spark.driver.memory": _memory(),
        "spark.driver.extraJavaOptions": _java_options(where),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={where / 'metastore'};create=true"
        ),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.local.dir": str(where / "spill"),
        "spark.sql.warehouse.dir": str(where / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(max(cores, rows // _ROWS_A_TASK)),
        "spark.sql.variant.allowDuplicateKeys": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if rows < _WORTH_COMPILING:
        found["spark.sql.codegen.wholeStage"] = "false"
        found["spark.sql.codegen.factoryMode"] = "NO_CODEGEN"
    else:
        # What Spark compiles of a model that types raw rows is longer than what Java compiles
        # unasked, and takes twice as long as bytecode.
        found["spark.driver.extraJavaOptions"] += " -XX:-DontCompileHugeMethods"
    return found


def parts(rows: int) -> int:
    """Into how many parts tables that grow are cut; another number makes them whole once."""
    return 4 if rows < _WORTH_COMPILING else 64 if rows < 100 * _WORTH_COMPILING else 512


def _java_options(where: Path) -> str:
    options = {
        "derby.stream.error.file": str(where / "derby.log"),
        "log4j2.configurationFile": (where / "log4j2.properties").as_uri(),
    }
    return " ".join(f'"-D{name}={value}"' for name, value in options.items())


def _memory() -> str:
    """What FUNNELKIT_MEMORY allows, as Spark writes it: `2GiB` is 2048m.

    Raises FunnelkitError for what is no size, or too little for Spark.
    """
    given = os.environ.get("FUNNELKIT_MEMORY") or ""
    if not given:
        return _MEMORY
    found = re.fullmatch(r"\s*([0-9]+(?:[.][0-9]+)?)\s*([KMGT])i?B?\s*", given, re.I)
    if found is None:
        raise FunnelkitError(f"FUNNELKIT_MEMORY is {given!r}; expected a size", "for example 2GB")
    megabytes = float(found[1]) * 1024.0 ** ("KMGT".index(found[2].upper()) - 1)
    if megabytes < _LEAST_MEMORY:
        raise FunnelkitError(
            f"FUNNELKIT_MEMORY is {given!r}; Spark needs {_LEAST_MEMORY} MB or more",
            "for example FUNNELKIT_MEMORY=2GB",
        )
    return f"{int(megabytes)}m"


@contextlib.contextmanager
def session(where: Path, configuration: Mapping[str, str]) -> Iterator[Any]:
    """A Spark session; dbt's own connection joins it. Stopped, with its Java process, at the end.

    What Java prints goes to spark.log and java.log in `where`. Raises FunnelkitError when it does
    not start.
    """
    from pyspark import SparkContext
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    if SparkContext._active_spark_context is not None:
        # dbt would join it, and write into its tables.
        raise FunnelkitError(
            "Spark already runs in this process", "stop its session: `spark.stop()`"
        )
    # It writes each refused query, with Java's stack, to stderr; we tell it in a sentence.
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True
    for name in ("warehouse", "spill"):
        (where / name).mkdir(parents=True, exist_ok=True)
    logged = _LOGGING.format(file=where / "spark.log")
    (where / "log4j2.properties").write_text(logged, encoding="utf-8")
    builder = SparkSession.builder.appName("funnelkit").enableHiveSupport()
    for name, value in configuration.items():
        builder = builder.config(name, value)
    log = where / "java.log"
    (where / "spark.log").unlink(missing_ok=True)  # of the last time
    try:
        # Java inherits what is stderr as it starts, and keeps it.
        with _redirected(log):
            found = builder.getOrCreate()
    except Exception as error:
        raise FunnelkitError(
            f"Spark did not start: {_reason(error)}", f"look at {log} and {where / 'spark.log'}"
        ) from None
    try:
        yield found
    finally:
        _stop(found)


def _reason(error: Exception) -> str:
    """In a line: the exception that Java tells of, else what Python does."""
    text = str(error).strip()
    told = _EXCEPTION.search(text)
    return told[1] if told else text.partition("\n")[0] or type(error).__name__


@contextlib.contextmanager
def _redirected(log: Path) -> Iterator[None]:
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    with log.open("wb") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)


def _stop(session: Any) -> None:
    """Ends Java too: its memory and the place of its tables are fixed when it starts."""
    from pyspark import SparkContext

    gateway: Any = SparkContext._gateway
    with contextlib.suppress(Exception):
        session.stop()
    process = getattr(gateway, "proc", None)
    with contextlib.suppress(Exception):
        gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    if process is not None:
        with contextlib.suppress(Exception):
            process.stdin.close()  # Java ends with it
            process.wait(timeout=20)


def prepare(where: Path, loads: Sequence[str]) -> None:
    """Makes Spark's folder. Tables made of other loads than those before them are removed, and so
    are those of a folder that was moved or copied: the metastore would lead to where it was.

    `loads`: what the build reads, earlier loads first.
    """
    state = where / _HOLDS
    told = {"folder": str(where.resolve()), "loads": list(loads)}
    try:
        before = json.loads(state.read_text("utf-8"))
    except FileNotFoundError:
        before = {"folder": "", "loads": []}
    known = before["loads"]
    if before["folder"] != told["folder"] or told["loads"][: len(known)] != known:
        for name in ("warehouse", "metastore"):
            shutil.rmtree(where / name, ignore_errors=True)
    where.mkdir(parents=True, exist_ok=True)
    beside = state.with_suffix(".new")
    beside.write_text(json.dumps(told), "utf-8")
    beside.replace(state)


def sweep(session: Any, where: Path) -> None:
    """Removes folders of no table: a build that was killed while it wrote one leaves it, and Spark
    makes no table where something is.

    Raises FunnelkitError where the metastore does not open.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        session.catalog.databaseExists(_SCHEMA)  # nobody asked it before
    except (PySparkException, Py4JError) as error:
        raise FunnelkitError(
            f"{where / 'metastore'} does not open: {_reason(error)}",
            f"unless another Spark uses it, delete {where}: a build makes it again",
        ) from None
    for place in sorted((where / "warehouse").glob("*.db")):
        schema = place.name.removesuffix(".db")
        known = set()
        if session.catalog.databaseExists(schema):
            tables = session.sql(f"show tables in {schema}").collect()
            known = {row["tableName"] for row in tables}
        for folder in sorted(place.iterdir()):
            if folder.is_dir() and folder.name not in known:
                shutil.rmtree(folder)


def columns(session: Any, wanted: Callable[[str], bool]) -> dict[str, list[tuple[str, str]]]:
    """Name and type of the columns of each wanted table of the marts' schema: a folder has none
    where it is empty.
    """
    from pyspark.errors import AnalysisException

    found = {}
    for row in session.sql(f"show tables in {_SCHEMA}").collect():
        name = row["tableName"]
        if wanted(name):
            with contextlib.suppress(AnalysisException):  # somebody's view of what is gone
                fields = session.table(f"{_SCHEMA}.{name}").schema.fields
                found[name] = [(field.name, field.dataType.simpleString()) for field in fields]
    return found


def cancel() -> None:
    """Ends the running queries, as Ctrl-C asks."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is not None:
        context.cancelAllJobs()
