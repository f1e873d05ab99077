"""The built pages are served as they should be cached, and nothing outside their folder is."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tenfold.server import place_of_stores, serving
from tenfold.testing.stores import memory_stores

HTML = "<!doctype html><script>let theme = 1</script><script type=module src=/assets/app-1.js></script>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(HTML)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "app-1.js").write_text("let a = 1")
    (folder / "assets" / "app-1.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (folder.parent / "secret.txt").write_text("hidden words")
    return folder


@pytest.fixture(scope="module")
def browser(pages):
    with serving(place_of_stores(memory_stores()), pages=pages) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/runs/01JD", "/models/delay?version=2", "/lineage", "/data/a%20b"])
def test_every_page_path_gives_the_one_page(path, browser):
    response = browser.get(path)
    assert response.status_code == 200 and response.text == HTML and response.headers["cache-control"] == "no-cache"
    assert browser.get(path, headers={"if-none-match": response.headers["etag"]}).status_code == 304


def test_the_policy_allows_this_server_and_the_inline_script_it_was_built_with(browser):
    policy = browser.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    assert policy.count("sha256-") == 1 and "http" not in policy


def test_assets_are_kept_for_ever_and_sent_compressed(browser):
    response = browser.get("/assets/app-1.js", headers={"accept-encoding": "gzip"})
    assert response.text == "let a = 1" and response.headers["content-encoding"] == "gzip"
    assert "immutable" in response.headers["cache-control"] and "javascript" in response.headers["content-type"]
    plain = browser.get("/assets/app-1.js", headers={"accept-encoding": "identity"})
    assert plain.text == "let a = 1" and "content-encoding" not in plain.headers
    assert browser.get("/favicon.svg").headers["cache-control"] == "no-cache"


def test_a_missing_asset_is_not_the_page(browser):
    assert browser.get("/assets/app-2.js").status_code == 404


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.txt", "/assets/..%2f..%2f..%2fsecret.txt", "/%2e%2e/secret.txt", "//etc/passwd"]
)
def test_nothing_outside_the_pages_is_served(path, browser):
    response = browser.get(path)
    assert response.status_code in (200, 404) and "hidden words" not in response.text and "root:" not in response.text


def test_without_built_pages_one_says_how_to_build_them(tmp_path):
    with serving(place_of_stores(memory_stores()), pages=tmp_path / "none") as url:
        response = httpx.get(url)
    assert response.status_code == 503 and "make ui" in response.text


def test_a_path_of_the_api_is_never_a_page(browser):
    response = browser.get("/api/v1/nothing", headers={"accept": "text/html"})
    assert response.status_code == 404 and response.headers["content-type"] == "application/problem+json"
