"""Where `extract` takes a file's address from when nobody says it."""

import json

import pytest

from brandmelder.commands.collecting import UNKNOWN_ADDRESS, extract
from brandmelder.settings import Settings

THREAD = """{comment}<html lang="de"><head><title>Zelt undicht</title>{head}</head>
<body id="tpl_wbb_thread" data-template="thread" data-application="wbb"><h1 class="contentTitle">Zelt undicht</h1>
<ul class="wbbThreadPostList"><li id="post42"><article class="wbbPost message" data-object-id="42">
<div class="messageAuthor"><span class="username">Birte</span></div><div class="messageText"><p>Es tropft.</p></div>
</article></li></ul><nav class="pagination"><ul><li class="active"><span>1</span></li>
<li><a href="thread/55-zelt/?pageNo=2">2</a></li></ul></nav></body></html>"""
BASE = '<base href="https://forum.example/">'
CANONICAL = '<link rel="canonical" href="{}">'
OWN = "https://forum.example/thread/55-zelt/"


@pytest.mark.parametrize(
    ("comment", "head", "url"),
    [
        ("", BASE, "https://forum.example/"),
        ("", BASE + CANONICAL.format("thread/55-zelt/"), OWN),
        ("", CANONICAL.format(OWN), OWN),
        ("", f'<meta property="og:url" content="{OWN}">', OWN),
        (f"<!-- saved from url=(0037){OWN} -->", BASE, OWN),
        ("", BASE + CANONICAL.format("https://[kaputt/"), "https://forum.example/"),
        ("", '<base href="javascript:0">', UNKNOWN_ADDRESS),
    ],
)
def test_extract_takes_the_address_that_the_page_states(tmp_path, capsys, comment, head, url):
    page = tmp_path / "seite.html"
    page.write_text(THREAD.format(comment=comment, head=head), encoding="utf-8")
    extract(Settings(), str(page))
    answer = json.loads(capsys.readouterr().out)
    assert (answer["software"], answer["kind"], answer["url"]) == ("woltlab", "thread", url)
    assert [post["text"] for post in answer["posts"]] == ["Es tropft."]


def test_extract_makes_links_absolute_by_the_base_of_the_page(tmp_path, capsys):
    page = tmp_path / "seite.html"
    page.write_text(THREAD.format(comment="", head=BASE + CANONICAL.format(OWN)), encoding="utf-8")
    extract(Settings(), str(page))
    assert json.loads(capsys.readouterr().out)["next_page"] == f"{OWN}?pageNo=2"
