using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MedCor.Tests.EndToEnd.Fuzz;

/// <summary>Mutates valid requests, in the same way for the same seed.</summary>
internal sealed partial class Mutator(int seed)
{
    /// <summary>Unusual but valid JSON values.</summary>
    private static readonly string[] OddJson =
    [
        "null", "true", "0", "-1", "1e999", "-0.0", "30.0", "1E400", "9223372036854775808", "99999999999999999999999999999999", "1.7976931348623157e308", "[]",
        "{}", "[null]", "[[]]", "[{}]", "\"\"", "\" \"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udfff\\ud800\"", "\"\\u202e\\u2066abc\"", "\"\\ufeff\"", "\"\\u200b\"", "\"e\\u0301\"", "\"ﷺ\"", "\"😀😀😀\"",
        "\"İ\"", "\"ß\"", "\"'; DROP TABLE users; --\"", "\"%' OR 1=1\"", "\"{{7*7}}\"",
        "\"../../etc/passwd\"", "\"javascript:alert(1)\"", "\"0001-01-01\"", "\"9999-12-31\"", "\"2026-02-30\"", "\"24:00:00\"", "\"23:59:60\"",
        "\"2026-03-29T02:30:00\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"",
        "\"00000000-0000-0000-0000-000000000000\"", "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"", "\"{00000000-0000-0000-0000-000000000000}\"",
        "\"Europe//Berlin\"", "\"a@@b.example\"", "\"SCHEDULED,COMPLETED\"", "\"ADMIN\"", "\"$ref\"",
        "{\"gte\":null}", "{\"in\":[]}", "{\"in\":[[1]]}", "{\"contains\":1}", "{\"gte\":\"2026-11-28T00:00:00\"}", "{\"\":\"\"}", "{\"__proto__\":{}}",
        "{\"$type\":\"System.IO.FileInfo\"}",
    ];

    /// <summary>Text that is not valid JSON.</summary>
    private static readonly string[] NoJson = ["NaN", "Infinity", "'x'", "undefined", "/*x*/1", "01", "+1", "\"\\x41\"", "\"\t\"", "\"unterminated", "[1,]",
        "{\"a\":1,}", "{a:1}", "", "}", "]", "\"\\ud83d"];

    private static readonly byte[][] OddBytes =
    [
        [0], [0xff], [0xc0, 0x80], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xef, 0xbb, 0xbf], [0xe2, 0x80, 0xae], [0xe2, 0x80, 0x8b],
        [0x80], [0x1b, (byte)'[', (byte)'2', (byte)'J'], [(byte)'\r', (byte)'\n'],
    ];

    private static readonly string[] OddPaths =
    [
        "%00", "%2e%2e", "%2E%2E%2F", "//", "/../", "/./", "%2f", "%5c", "%c0%af", "%ff", "%", "%zz", "%u0000", ";a=b", "%20", "+", "%e2%80%ae", "%f0%9f%98%80",
        "*", "@", "|", "~", "%0d%0aX-Injected:%20yes", "%25%30%30",
    ];

    private static readonly (string Name, string[] Values)[] OddHeaders =
    [
        ("Content-Type", ["", "text/plain", "application/json; charset=utf-16", "application/json;charset=\"", "application/xml",
            "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/problem+json", "*/*", "a", "application/json, text/html"]),
        ("Content-Encoding", ["gzip", "br", "deflate, gzip", "identity", "x"]),
        ("Accept", ["", "*/*;q=0", "text/html", "application/xml", ";;;", "text/event-stream"]),
        ("Accept-Encoding", ["gzip", "br;q=1, *;q=0", "identity;q=0", ",,,"]),
        ("Accept-Charset", ["utf-7", "*;q=x"]),
        ("Accept-Language", ["xx-XX-xx", ",", "*"]),
        ("Idempotency-Key", ["", " ", "x", "\x01", "ä", "\"quoted\"", "null", "a,b"]),
        ("Last-Event-ID", ["", "0", "-1", "99999999999999999999", "0-0.0-0.0-0", "1769954400000-41", "9999999999999-0.9999999999999-0.9999999999999-0",
            "18446744073709551615-18446744073709551615.0-0.0-0", "x", "ä", "1-1.1-1", "+.-.-"]),
        ("If-None-Match", ["*", "\"x\"", "W/\"x\"", "x", "\"", ",", "\"a\", \"b\"", "W/"]),
        ("If-Match", ["*", "x"]),
        ("If-Modified-Since", ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT"]),
        ("Range", ["bytes=0-0", "bytes=-1", "bytes=9-1", "x"]),
        ("traceparent", ["", "00-0-0-00", "00-00000000000000000000000000000000-0000000000000000-00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "x"]),
        ("tracestate", ["a=b,c=d", "=", ",,,"]),
        ("baggage", ["a=b", "=,;", "a=%00"]),
        ("X-Request-Id", ["", "x", "ä", "a b", "../..", "${jndi:ldap://x}", "\x7f"]),
        ("X-Forwarded-For", ["127.0.0.1", "::1, x", "999.999.999.999"]),
        ("X-Forwarded-Proto", ["https", "gopher"]),
        ("Forwarded", ["for=_x;host=y", ";;"]),
        ("Authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer x.y.z", "Bearer ..", "Bearer null", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer ä",
            "Bearer a b", "Negotiate"]),
        ("Host", ["", "evil.example", "localhost:99999", "[::1]", "a,b", "localhost/x"]),
        ("Origin", ["null", "https://evil.example", "x", "http://localhost:1"]),
        ("Cookie", ["a=b", "=;=;"]),
        ("Expect", ["100-continue", "200-ok"]),
        ("Connection", ["close", "Upgrade", "keep-alive, x", ""]),
        ("Upgrade", ["websocket", "h2c", "x"]),
        ("Sec-WebSocket-Version", ["13", "0", "x"]),
        ("Sec-WebSocket-Key", ["", "x", "AAAAAAAAAAAAAAAAAAAAAA=="]),
        ("Sec-WebSocket-Extensions", ["permessage-deflate", "permessage-deflate; client_max_window_bits=99", "x"]),
        ("Sec-WebSocket-Protocol", ["x", ",,"]),
        ("Transfer-Encoding", ["chunked", "identity", "gzip", "chunked, chunked"]),
        ("Content-Length", ["-1", "0", "x", "1, 1", "99999999999999999999"]),
        ("X-HTTP-Method-Override", ["DELETE", "TRACE"]),
        ("Prefer", ["return=minimal", "x"]),
    ];

    private static readonly string[] OddMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X",
        "G\x01T", new('A', 300)];

    private readonly Random _random = new(seed);

    /// <summary>Returns a random element.</summary>
    public T Pick<T>(IReadOnlyList<T> all) => all[_random.Next(all.Count)];

    /// <summary>Returns a mutated copy, mostly with one mutation and with up to four.</summary>
    public RawHttpRequest Mutate(RawHttpRequest valid)
    {
        var spoilt = valid.Clone();
        for (var left = 1 + (_random.Next(3) == 0 ? _random.Next(4) : 0); left > 0; left--) Spoil(spoilt);
        return spoilt;
    }

    /// <summary>Returns a mutated copy of a message.</summary>
    public byte[] Mutate(byte[] valid)
    {
        var spoilt = valid;
        for (var left = 1 + (_random.Next(3) == 0 ? _random.Next(3) : 0); left > 0; left--) spoilt = SpoilText(spoilt);
        return spoilt;
    }

    private void Spoil(RawHttpRequest request)
    {
        switch (_random.Next(request.Body is null ? 5 : 12))
        {
            case 0:
                request.Method = Pick(OddMethods);
                break;
            case 1 or 2:
                SpoilTarget(request);
                break;
            case 3 or 4:
                SpoilHeader(request);
                break;
            case 5:
                request.ClaimedLength = _random.Next(4) == 0 ? _random.Next(request.Body!.Length + 1) : request.Body!.Length + _random.Next(1, 1_000_000);
                break;
            default:
                request.Body = SpoilText(request.Body!);
                break;
        }
    }

    private void SpoilTarget(RawHttpRequest request)
    {
        var (target, at) = (request.Target, _random.Next(1, request.Target.Length + 1));
        request.Target = _random.Next(7) switch
        {
            0 => target.Insert(at, Pick(OddPaths)),
            1 => target[..at],
            2 => target + new string('a', _random.Next(1, 12_000)),
            3 => QueryValue().Replace(target, "=" + Uri.EscapeDataString(Pick(OddJson)), 1, _random.Next(target.Length)),
            4 =>
                target + (target.Contains('?') ? "&" : "?")
                + Pick((string[])["page=0", "page=-1", "page=2147483648", "limit=1e9", "limit=", "sort=,", "sort=-", "fields=", "expand=x", "filter={",
                    "filter=[]", "filter={}&filter={}", "ticket=x", "ticket=", "last_event_id=x", "resources=,", "access_token=x", "=", "&&",
                    "a[]=1", "%00=1", "limit=٣"]),
            5 => Segment().Replace(target, "/" + Pick(OddPaths), 1, _random.Next(target.Length)),
            _ => target.ToUpperInvariant(),
        };
        // A space or a line end would make it another request line, which the web server handles itself.
        request.Target = request.Target.Replace(' ', '+');
    }

    private void SpoilHeader(RawHttpRequest request)
    {
        var (name, values) = Pick(OddHeaders);
        var value = _random.Next(12) == 0 ? new string('x', _random.Next(1, 40_000)) : Pick(values);
        if (_random.Next(4) == 0) request.Headers.RemoveAll(h => h.Name == name);
        else if (_random.Next(6) == 0) request.Headers.Add((name, value));
        else request.SetHeader(name, value);
    }

    private byte[] SpoilText(byte[] body)
    {
        if (body.Length == 0) return Encoding.UTF8.GetBytes(Pick(OddJson));
        var at = _random.Next(body.Length);
        switch (_random.Next(9))
        {
            case 0:
                var flipped = body.ToArray();
                flipped[at] ^= (byte)(1 << _random.Next(8));
                return flipped;
            case 1:
                return body[..at];
            case 2:
                return [.. body[..at], .. Pick(OddBytes), .. body[at..]];
            case 3:
                var to = Math.Min(body.Length, at + _random.Next(1, 60));
                return [.. body[..to], .. body[at..to], .. body[to..]];
            case 4:
                var depth = Pick((int[])[10, 31, 33, 65, 2000]);
                return Replace(body,
                    _random.Next(2) == 0
                        ? new string('[', depth) + new string(']', depth)
                        : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth));
            case 5:
                return Replace(body, "\""
                    + string.Concat(Enumerable.Repeat(Pick((string[])["x", "\\u0001", "ä", "😀", "\\\\", "%"]), Pick((int[])[60, 300, 5000, 150_000]))) + "\"");
            case 6:
                return Replace(body, Pick(NoJson));
            default:
                return Replace(body, Pick(OddJson));
        }
    }

    /// <summary>Replaces one of the document's values, or duplicates its field with another value.</summary>
    private byte[] Replace(byte[] body, string json)
    {
        var text = Encoding.Latin1.GetString(body);
        var values = JsonValue().Matches(text);
        if (values.Count == 0) return Encoding.UTF8.GetBytes(json);
        var value = values[_random.Next(values.Count)];
        var bytes = Encoding.UTF8.GetBytes(json);
        var doubled = _random.Next(8) == 0 && JsonField().Match(text, 0, value.Index + value.Length) is { Success: true } field
            ? Encoding.Latin1.GetBytes(field.Value)
            : [];
        return [.. body[..value.Index], .. doubled.Length > 0 ? [.. body[value.Index..(value.Index + value.Length)], (byte)',', .. doubled] : (byte[])[],
            .. bytes, .. body[(value.Index + value.Length)..]];
    }

    public override string ToString() => seed.ToString(CultureInfo.InvariantCulture);

    /// <summary>Matches a value after a colon, a comma or a bracket, and also names, so that both can be replaced.</summary>
    [GeneratedRegex("""(?<=[:,\[{]\s*)("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|\[[^\[\]{}]*\]|\{[^\[\]{}]*\})""")]
    private static partial Regex JsonValue();

    [GeneratedRegex("""("(?:[^"\\]|\\.)*"\s*:)(?=[^:]*$)""")]
    private static partial Regex JsonField();

    [GeneratedRegex("=[^&]*")]
    private static partial Regex QueryValue();

    [GeneratedRegex("/[^/?]+")]
    private static partial Regex Segment();
}
