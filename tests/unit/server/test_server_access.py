"""Who comes in and who does not, over a real socket."""

from __future__ import annotations

import httpx
import pytest

from tenfold.base.errors import Forbidden
from tenfold.server import check_listen, place_of_stores, serving
from tenfold.testing.stores import memory_stores

TOKEN = "a-long-enough-token"


@pytest.fixture(scope="module")
def locked():
    with serving(place_of_stores(memory_stores()), token=TOKEN) as url:
        yield url


def test_without_a_token_only_loopback_is_listened_on():
    for host in ("0.0.0.0", "192.168.1.2", "::", "example.org"):
        with pytest.raises(Forbidden, match="TENFOLD_TOKEN"):
            check_listen(host, None)
    for host in ("127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"):
        check_listen(host, None)
    check_listen("0.0.0.0", TOKEN)
    with pytest.raises(Forbidden, match="guessed"):
        check_listen("127.0.0.1", "short")


def test_another_sites_name_for_this_host_is_refused(server):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[", "localhost.evil.example"):
        assert httpx.get(f"{server}/api/v1/home", headers={"host": host}).status_code in (400, 403)
    for host in ("localhost", "127.0.0.1:1", "[::1]:5", "tenfold.localhost"):
        assert httpx.get(f"{server}/api/v1/health", headers={"host": host}).status_code == 200


def test_another_sites_page_cannot_change_anything(server):
    body = {"json": {"ids": []}}
    url = f"{server}/api/v1/runs/delete"
    assert httpx.post(url, headers={"origin": "https://evil.example"}, **body).status_code == 403
    assert httpx.post(url, headers={"origin": "null"}, **body).status_code == 403
    assert httpx.post(url, headers={"sec-fetch-site": "cross-site"}, **body).status_code == 403
    assert httpx.post(url, headers={"sec-fetch-site": "same-site"}, **body).status_code == 403
    assert httpx.post(url, headers={"origin": server}, **body).status_code == 200
    assert httpx.post(url, **body).status_code == 200


def test_a_form_cannot_stand_in_for_json(server):
    form = httpx.post(f"{server}/api/v1/runs/delete", content=b'{"ids":[]}', headers={"content-type": "text/plain"})
    assert form.status_code == 415


def test_with_a_token_nothing_is_given_without_it(locked):
    for path in ("/api/v1/home", "/api/v1/openapi.json", "/", "/runs/x", "/api/v1/events", "/api/v1/store/runs/get"):
        assert httpx.get(f"{locked}{path}").status_code == 401
        assert httpx.get(f"{locked}{path}", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert httpx.get(f"{locked}/api/v1/home").headers["www-authenticate"] == "Bearer"
    assert httpx.get(f"{locked}/api/v1/health").status_code == 200
    assert httpx.get(f"{locked}/api/v1/home", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert httpx.get(f"{locked}/api/v1/home", headers={"authorization": "Bearer ütf".encode()}).status_code == 401


def test_a_browser_logs_in_once_and_comes_back_to_its_page(locked):
    with httpx.Client(base_url=locked, headers={"accept": "text/html"}) as browser:
        asked = browser.get("/runs/x?tab=code")
        assert asked.status_code == 303 and asked.headers["location"] == "/login?next=%2Fruns%2Fx%3Ftab%3Dcode"
        form = browser.get(asked.headers["location"])
        assert form.status_code == 200 and "value='/runs/x?tab=code'" in form.text
        assert browser.post("/login", data={"token": "wrong"}).status_code == 401
        done = browser.post("/login", data={"token": TOKEN, "next": "/runs/x?tab=code"})
        assert done.status_code == 303 and done.headers["location"] == "/runs/x?tab=code"
        cookie = done.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie and TOKEN not in cookie
        assert browser.get("/api/v1/home").status_code == 200


def test_a_link_with_the_token_logs_in(locked):
    with httpx.Client(base_url=locked) as browser:
        assert browser.get(f"/login?token={TOKEN}").headers["location"] == "/"
        assert browser.get("/api/v1/version").status_code == 200


@pytest.mark.parametrize(
    "outside", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_a_login_never_leads_to_another_site(locked, outside):
    response = httpx.post(f"{locked}/login", data={"token": TOKEN, "next": outside})
    assert response.headers["location"] == "/"
    assert "evil" not in httpx.get(f"{locked}/login", params={"next": outside}).text


def test_every_answer_carries_the_security_headers(server):
    for path in ("/", "/api/v1/home", "/api/v1/none", "/assets/none.js"):
        headers = httpx.get(f"{server}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_the_location_shown_holds_no_secret(api):
    assert api.get("/version").json()["store"] == "seeded"


def test_mlflows_client_is_told_in_its_own_words(locked):
    answer = httpx.get(f"{locked}/api/2.0/mlflow/experiments/get?experiment_id=0")
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "PERMISSION_DENIED" and "MLFLOW_TRACKING_TOKEN" in answer.json()["message"]


def test_a_wrong_token_is_not_taken_for_a_missing_one(locked):
    wrong = httpx.get(f"{locked}/api/v1/home", headers={"authorization": "Bearer not-this-one-at-all"})
    assert wrong.status_code == 401 and "not this server's" in wrong.json()["detail"]
