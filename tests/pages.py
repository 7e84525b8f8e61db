"""What a browser would find on a page of results, and pieces to make one of."""

import re
from html.parser import HTMLParser

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63606060f80f0001040100"
    "5fe5c34b0000000049454e44ae426082"
)
MERMAID = (
    "---\ntitle: DAG\n---\nflowchart TB\n\tid0[page]\n\tid1[draw]\n\tid2[tabulate]\n\tid3[train]\n"
    + "".join(f"\tid{a} --> id{b}\n" for a, b in [(1, 0), (2, 1), (3, 2), (3, 1), (2, 0)])
)


class Page(HTMLParser):
    """What a browser would load, ids, links within the page, headings, images, and rows of every
    table of results."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.ids, self.anchors, self.headings, self.images, self.data = (
            [],
            [],
            [],
            [],
            [],
            {},
        )
        self.open, self.text = None, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a":
            self.anchors += [found["href"][1:]] if found["href"].startswith("#") else []
        else:
            self.loads += [
                found[key] for key in ("src", "href", "srcset", "data", "poster") if found.get(key)
            ]
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag == "img" and "src" in found:
            self.images.append(found)
        if found.get("class") == "data":
            self.open = found["id"].removeprefix("table-")
            self.data[self.open] = 0
        if tag == "td" and self.open:
            self.data[self.open] += 1

    def handle_endtag(self, tag):
        if tag == "details":
            self.open = None

    def handle_data(self, text):
        self.text.append(text)
