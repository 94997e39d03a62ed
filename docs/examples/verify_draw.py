#!/usr/bin/env python3
"""A second implementation of docs/draws.md, with nothing but Python's own library.

    verify_draw.py BUNDLE.json            a draw as `framecue verify-draw URL --save BUNDLE.json` keeps it
    verify_draw.py --vectors VECTORS.json the project's own vectors (draws/vectors.json)

Exit code 0: all is as published; 1: something differs; 2: used wrongly. It takes the beacon's randomness as SHA-256 of the
signature and does not check the signature itself, which needs a pairing on BLS12-381: `framecue verify-draw` does.
"""

import base64
import hashlib
import json
import sys

PAGE_LEAVES = 8192


def sha256(data):
    return hashlib.sha256(data).digest()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def entrant_leaf(receipt, viewer, tier):
    return sha256(b"\0" + f"framecue entrant 1\n{receipt}\n{viewer}\n{tier}".encode())


def merkle_root(leaves):
    """RFC 6962 section 2.1, over leaf hashes, as it is written there."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def inclusion_path(index, leaves):
    """RFC 6962 section 2.1.1."""
    if len(leaves) <= 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return inclusion_path(index, leaves[:split]) + [merkle_root(leaves[split:])]
    return inclusion_path(index - split, leaves[split:]) + [merkle_root(leaves[:split])]


def bitmap_of(tiers):
    bits = bytearray((len(tiers) + 7) // 8)
    for index, tier in enumerate(tiers):
        if tier == "high":
            bits[index // 8] |= 0x80 >> (index % 8)
    return bytes(bits)


def tiers_digest(bitmap):
    return sha256(b"framecue tiers 1\n" + bitmap)


def commitment_text(interaction, seed_hash, beacon, count, root, high_count, high_digest, prizes):
    lines = [
        "framecue draw 1",
        f"interaction {interaction}",
        f"seed {seed_hash}",
        "beacon none" if beacon is None else f"beacon drand {beacon[0]} {beacon[1]}",
        f"entrants {count} {root}",
        f"high {high_count} {high_digest}",
    ]
    lines += [f"prize {prize['pieces']} {prize['tier']} {prize['prize']}" for prize in prizes]
    return "".join(line + "\n" for line in lines)


def numbers(key):
    """64 bits at a time: SHA-256(key || number of the block), four of them a block."""
    block = 0
    while True:
        data = sha256(key + block.to_bytes(8, "big"))
        for at in range(0, 32, 8):
            yield int.from_bytes(data[at : at + 8], "big")
        block += 1


def below(stream, count):
    limit = 2**64 - 2**64 % count
    while True:
        number = next(stream)
        if number < limit:
            return number % count


def select(key, tiers, prizes):
    stream = numbers(key)
    taken = set()
    winners = []
    for position, prize in enumerate(prizes):
        wanted = prize["tier"]
        left = [i for i, tier in enumerate(tiers) if i not in taken and wanted in ("any", tier)]
        for i in range(min(prize["pieces"], len(left))):
            at = i + below(stream, len(left) - i)
            left[i], left[at] = left[at], left[i]
            taken.add(left[i])
            winners.append((left[i], position))
    return winners


def check_bundle(bundle):
    """Yields what differs."""
    draw = bundle["draw"]
    committed, result = draw["commitment"], draw["result"]
    if committed is None or result is None:
        yield "the result has not been shown yet"
        return
    seed = bytes.fromhex(result["seed"])
    if sha256(seed).hex() != draw["seedHash"]:
        yield "the seed is not the one that was committed to"
    leaves, tiers, bitmap = [], [], b""
    for page in bundle["pages"]:
        data, high = from_base64url(page["leaves"]), from_base64url(page["high"])
        here = [data[at : at + 32] for at in range(0, len(data), 32)]
        leaves += here
        tiers += ["high" if high[i // 8] & (0x80 >> i % 8) else "low" for i in range(len(here))]
        bitmap += high
    root, digest = merkle_root(leaves).hex(), tiers_digest(bitmap).hex()
    if (len(leaves), root) != (committed["count"], committed["root"]):
        yield f"the list is {len(leaves)} entrants under {root}"
    if (tiers.count("high"), digest) != (committed["high"]["count"], committed["high"]["digest"]):
        yield "the tiers are not those that were committed to"
    beacon = None
    if committed["round"] is not None:
        beacon = (draw["source"]["chain"], committed["round"])
    text = commitment_text(
        draw["interaction"], draw["seedHash"], beacon, len(leaves), root, tiers.count("high"), digest, draw["prizes"]
    )
    if text != committed["text"] or sha256(text.encode()).hex() != committed["digest"]:
        yield "the commitment is not what the rest makes"
    randomness = b""
    if beacon is not None:
        if result["beacon"]["round"] != committed["round"]:
            yield "the beacon is of another round"
        randomness = sha256(bytes.fromhex(result["beacon"]["signature"]))
    key = sha256(b"framecue selection 1\n" + sha256(text.encode()) + seed + randomness)
    due = [
        {"index": index, "leaf": to_base64url(leaves[index]), "prize": draw["prizes"][prize]["prize"]}
        for index, prize in select(key, tiers, draw["prizes"])
    ]
    published = [{name: winner[name] for name in ("index", "leaf", "prize")} for winner in result["winners"]]
    if due != published:
        yield "the winners are others"


def check_vectors(vectors):
    """Yields the names of vectors that come out otherwise."""
    for tree in vectors["trees"]:
        leaves = [sha256(b"\0" + bytes.fromhex(data)) for data in tree["data"]]
        if merkle_root(leaves).hex() != tree["root"]:
            yield tree["name"]
    for vector in vectors["draws"]:
        name, tiers = vector["name"], [entrant["tier"] for entrant in vector["entrants"]]
        leaves = [entrant_leaf(e["receipt"], e["viewer"], e["tier"]) for e in vector["entrants"]]
        if [leaf.hex() for leaf in leaves] != vector["leaves"]:
            yield f"{name}: leaves"
        if merkle_root(leaves).hex() != vector["root"]:
            yield f"{name}: root"
        for path in vector["paths"]:
            if [node.hex() for node in inclusion_path(path["index"], leaves)] != path["path"]:
                yield f"{name}: path of {path['index']}"
        bitmap = bitmap_of(tiers)
        if bitmap.hex() != vector["bitmap"] or tiers_digest(bitmap).hex() != vector["highDigest"]:
            yield f"{name}: tiers"
        seed = bytes.fromhex(vector["seed"])
        beacon = vector["beacon"]
        text = commitment_text(
            vector["interaction"],
            sha256(seed).hex(),
            None if beacon is None else (beacon["chain"], beacon["round"]),
            len(leaves),
            vector["root"],
            tiers.count("high"),
            vector["highDigest"],
            vector["prizes"],
        )
        if text != vector["text"] or sha256(text.encode()).hex() != vector["digest"]:
            yield f"{name}: commitment"
        randomness = b"" if beacon is None else sha256(bytes.fromhex(beacon["signature"]))
        key = sha256(b"framecue selection 1\n" + sha256(text.encode()) + seed + randomness)
        if key.hex() != vector["key"]:
            yield f"{name}: key"
        if [list(winner) for winner in select(key, tiers, vector["prizes"])] != vector["winners"]:
            yield f"{name}: winners"


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--vectors":
        check, path = check_vectors, arguments[1]
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        check, path = check_bundle, arguments[0]
    else:
        print(__doc__, file=sys.stderr)
        return 2
    with open(path, encoding="utf-8") as file:
        differs = list(check(json.load(file)))
    for line in differs:
        print(line)
    print("differs" if differs else "all is as published (the beacon's signature was not checked)")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
