"""Renders every template with its fixture to static HTML, in both languages.

Usage: python render.py OUT. The engine is PyPI `minijinja`, the same one that the server uses.
A fixture `desk.gate.json` is rendered with `desk/gate.html`; `desk.gate--refused.json` is a second case of it.
Its key `"@template"` names another template. `common.json` holds what every page gets.
"""

import datetime
import json
import pathlib
import sys

import minijinja

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATES = HERE.parents[1] / "crates" / "web" / "templates"
FIXTURES = HERE / "fixtures"


def grouped(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def filters(lang):
    zh = lang == "zh"

    def local(value):
        return value[lang] if isinstance(value, dict) and lang in value else value

    def num(value):
        if not zh or abs(value) < 10_000:
            return grouped(value)
        unit, name = (100_000_000, "亿") if abs(value) >= 100_000_000 else (10_000, "万")
        return f"{value / unit:.2f}".rstrip("0").rstrip(".") + f" {name}"

    def size(value):
        for unit in ("B", "KB", "MB", "GB"):
            if value < 1000 or unit == "GB":
                return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
            value /= 1000

    def day(value):
        d = datetime.date.fromisoformat(value[:10])
        return f"{d.year}年{d.month}月{d.day}日" if zh else f"{d.day} {d:%B} {d.year}"

    def moment(value):
        return f"{day(value)} {value[11:16]}" if len(value) > 10 else day(value)

    return {
        "l": local, "num": num, "exact": grouped, "bytes": size, "date": day, "datetime": moment,
        "percent": lambda value, digits=1: f"{value * 100:.{digits}f}%",
    }


def environment(lang, manifest):
    env = minijinja.Environment(
        loader=lambda name: (TEMPLATES / name).read_text() if (TEMPLATES / name).is_file() else None,
        undefined_behavior="strict",
    )
    env.add_function("t", lambda zh, en: zh if lang == "zh" else en)
    env.add_function(
        "href",
        lambda path: "/en" + path if lang == "en" and path.startswith("/") and path != "/" else "/en/" if lang == "en" and path == "/" else path,
    )
    env.add_function("asset", lambda name: "/assets/" + manifest[name])
    for name, function in filters(lang).items():
        env.add_filter(name, function)
    return env


def main(out):
    manifest = json.loads((HERE.parent / "dist" / "manifest.json").read_text())
    common = json.loads((FIXTURES / "common.json").read_text())
    pages = []
    failed = 0
    for lang in ("zh", "en"):
        env = environment(lang, manifest)
        for file in sorted(FIXTURES.glob("*.json")):
            if file.stem == "common":
                continue
            context = {**common, **json.loads(file.read_text()), "lang": lang}
            template = context.pop("@template", file.stem.split("--")[0].replace(".", "/") + ".html")
            try:
                html = env.render_template(template, **context)
            except Exception as error:
                failed += 1
                print(f"{file.name} ({lang}): {error}", file=sys.stderr)
                continue
            name = f"{lang}/{file.stem}.html"
            target = pathlib.Path(out) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(html)
            pages.append(name)
    (pathlib.Path(out) / "pages.json").write_text(json.dumps(pages))
    print(f"{len(pages)} pages rendered, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
