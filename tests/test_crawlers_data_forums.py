"""Crawls of forums that answer in JSON: each thread is asked for once, in JSON or as a page, never both."""

import json
from urllib.parse import parse_qs, urlsplit

from crawling import Parts, assert_adds_up, card_for, sentence
from website import Answer, serving

POSTS = 42


def data(value):
    return Answer(json.dumps(value), content_type="application/json; charset=utf-8")


def discourse_post(topic, number):
    return {
        "id": topic * 1000 + number,
        "username": f"nutzer{number % 7}",
        "created_at": f"2026-03-01T18:{number:02}:07.000Z",
        "cooked": f"<p>{sentence(topic, number)}</p>",
        "post_number": number,
        "post_type": 1,
        "topic_id": topic,
        "topic_slug": f"thema-{topic}",
    }


def discourse_site(topics=(1, 2), html_head=""):
    def whole(topic):
        posts = [discourse_post(topic, number) for number in range(1, POSTS + 1)]
        stream = {"posts": posts[:20], "stream": [post["id"] for post in posts]}
        return data({"post_stream": stream, "id": topic, "title": f"Thema {topic}", "posts_count": POSTS})

    def batch(path):
        topic = int(urlsplit(path).path.split("/")[2])
        ids = [int(id) for id in parse_qs(urlsplit(path).query)["post_ids[]"]]
        assert len(ids) <= 20
        return data({"post_stream": {"posts": [discourse_post(topic, id % 1000) for id in ids]}, "id": topic})

    pages = {"/latest.json": data({"topic_list": {"topics": [{"id": topic} for topic in topics]}})}
    for topic in topics:
        pages[f"/t/{topic}.json"] = whole(topic)
        pages[f"/t/{topic}/posts.json"] = batch
    shell = f'<html lang="de"><head><meta name="generator" content="Discourse 3.4.1 - https://github.com/discourse">{html_head}</head>'
    pages["/"] = f"{shell}<body></body></html>"
    pages["/t/thema-1/1"] = f"""{shell}<body><div id="post_1" class="topic-body crawler-post"><span class="creator">
        <span itemprop="name">nutzer1</span></span><time class="post-time" datetime="2026-03-01T18:01:07Z"></time>
        <div class="post" itemprop="text"><p>{sentence(1, 1)}</p></div></div></body></html>"""
    return pages


def asked_paths(site):
    """What was asked for beside the files in which a site states its rules."""
    paths = [urlsplit(asked.path).path for asked in site.asked]
    return [path for path in paths if path not in {"/robots.txt", "/ai.txt", "/.well-known/tdmrep.json"}]


def test_discourse_topics_are_read_to_their_ends_with_six_requests(tmp_path):
    with serving(discourse_site()) as site, Parts(tmp_path) as parts:
        (summary,) = parts.crawl(card_for(site.url, "/latest.json"))
        assert_adds_up([summary.record])
        first, *others = asked_paths(site)
        assert first == "/latest.json"
        # While one topic is read, the next is asked for.
        assert sorted(others) == [
            *("/t/1.json", "/t/1/posts.json", "/t/1/posts.json"),
            *("/t/2.json", "/t/2/posts.json", "/t/2/posts.json"),
        ]
        stored = parts.mentions()
        assert len(stored) == 2 * POSTS
        assert {mention.thread_url for mention in stored} == {f"{site.url}/t/1", f"{site.url}/t/2"}


def test_discourse_page_and_list_together_read_each_topic_once_and_as_data(tmp_path):
    with serving(discourse_site(topics=(1,))) as site, Parts(tmp_path) as parts:
        (summary,) = parts.crawl(card_for(site.url, "/t/thema-1/1", "/"))
        assert_adds_up([summary.record])
        asked = asked_paths(site)
        assert sorted(asked) == sorted(
            ["/t/thema-1/1", "/", "/latest.json", "/t/1.json", "/t/1/posts.json", "/t/1/posts.json"]
        )
        stored = parts.mentions()
        assert len(stored) == POSTS
        assert {mention.native_id for mention in stored} == {str(1000 + n) for n in range(1, POSTS + 1)}


def test_page_that_its_tags_reserve_is_not_read_through_its_data(tmp_path):
    reserved = '<meta name="tdm-reservation" content="1">'
    with serving(discourse_site(topics=(1,), html_head=reserved)) as site, Parts(tmp_path) as parts:
        (summary,) = parts.crawl(card_for(site.url, "/t/thema-1/1", "/"))
        assert asked_paths(site) == ["/t/thema-1/1", "/"]
        assert parts.mentions() == []
        assert set(summary.record["pages"]) == {"reserved/tdm_meta"}
