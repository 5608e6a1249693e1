"""Reads a table of the lake with DuckDB, an engine that is not ours, and prints what it saw.

    duckdb_reads.py FOLDER [VERSION]

Needs PyPI `duckdb` with the extension `delta` of the same version, installed from a
package (`duckdb-extension-delta`), so that nothing is fetched at run time.
"""

import glob
import json
import os
import sys

import duckdb


def extension() -> str:
    """The file of the extension beside the installed packages."""
    packages = os.path.dirname(os.path.dirname(duckdb.__file__))
    found = glob.glob(os.path.join(packages, "duckdb_ext*", "**", "delta.duckdb_extension"), recursive=True)
    if not found:
        sys.exit("the DuckDB extension `delta` is not installed")
    return found[0]


def main() -> None:
    folder = sys.argv[1]
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"load '{extension()}'")
    scan = f"delta_scan('{folder}')"
    if len(sys.argv) > 2:
        scan = f"delta_scan('{folder}', version = {int(sys.argv[2])})"
    columns = [row[0] for row in connection.execute(f"describe select * from {scan}").fetchall()]
    types = [row[1] for row in connection.execute(f"describe select * from {scan}").fetchall()]
    rows = connection.execute(f"select columns(*)::varchar from (select * from {scan} order by _row)").fetchall()
    print(json.dumps({"columns": columns, "types": types, "rows": rows}, ensure_ascii=False))


main()
