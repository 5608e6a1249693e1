"""Reads Atom feeds with feedparser; prints the number of entries of each as JSON."""

import json
import sys
import urllib.request

import feedparser

counts = []
for address in sys.argv[1:]:
    with urllib.request.urlopen(address, timeout=60) as answer:
        feed = feedparser.parse(answer.read())
    assert not feed.bozo, (address, feed.bozo_exception)
    assert feed.version == "atom10" and feed.feed.title and feed.feed.updated and feed.feed.id, address
    for entry in feed.entries:
        assert entry.title and entry.id and entry.updated and entry.link, (address, entry)
    counts.append(len(feed.entries))
print(json.dumps(counts))
