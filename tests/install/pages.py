"""Pages as they are packaged: whether their links lead somewhere there."""

import re
from urllib.parse import unquote

LINK = re.compile(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)")


def lead_nowhere(folder):
    """The links of all pages below a folder that lead to a file that isn't there."""
    nowhere, seen = [], 0
    for page in sorted(folder.rglob("*.md")):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", page.read_text())):
            if "://" not in target and not target.startswith("mailto:"):
                seen += 1
                if not (page.parent / unquote(target)).exists():
                    nowhere.append(f"{page.relative_to(folder)}: {target}")
    assert seen > 30, f"only {seen} links were found"
    return nowhere
