using System.Text;
using System.Text.Json;
using CsCheck;

namespace PRTS.Audit.Tests;

public sealed class CanonicalTests
{
    /// <summary>The form is persisted and hashed: it never changes. A member that is added later is left out where it is null.</summary>
    [Fact]
    public void Bytes_OfAFullEntry_AreGolden()
    {
        var entry = new AuditEntry
        {
            Tenant = "acme",
            Actor = new(AuditActorKind.User, "7", "ann"),
            Origin = new(AuditVia.Web, "2001:db8::1"),
            Action = "user:change",
            Target = new("user", "8", "bob", "demo", "hello"),
            Outcome = AuditOutcome.Failed,
            Reason = "no \"room\" left",
            Before = new() { ["role"] = "viewer", ["Zone"] = 7, ["password"] = AuditValue.Secret },
            After = new() { ["role"] = "admin", ["groups"] = new[] { "a", "b\n" }, ["on"] = true, ["off"] = (string?)null, ["until"] = Samples.At },
            Request = "0af7",
        }.Written(42, new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.FromHours(1)).AddTicks(12345678));

        Assert.Equal(
            """{"action":"user:change","actor":{"id":"7","kind":"user","name":"ann"},"after":{"groups":["a","b\n"],"off":null,"on":true,"role":"admin","until":"2026-11-23T12:00:00.000000Z"},"at":"2026-11-23T12:00:01.234567Z","before":{"Zone":7,"password":"[secret]","role":"viewer"},"origin":{"address":"2001:db8::1","via":"web"},"outcome":"failed","reason":"no \"room\" left","request":"0af7","sequence":42,"target":{"id":"8","kind":"user","name":"bob","org":"demo","project":"hello"},"tenant":"acme"}""",
            Samples.Show(Canonical.Bytes(entry)));
    }

    [Fact]
    public void Bytes_OfAnyEntry_AreReadAndWrittenTheSame() => Samples.Entry.Sample(entry =>
    {
        var bytes = Canonical.Bytes(entry.Written(7, Samples.At));
        return bytes.AsSpan().SequenceEqual(Canonical.Bytes(AuditJson.Read(bytes))) && bytes.AsSpan().SequenceEqual(Canonical.Bytes(entry.Written(7, Samples.At)));
    }, iter: 2000);

    /// <summary>RFC 8785, checked against another reader of JSON: valid UTF-8, members sorted, nothing between tokens.</summary>
    [Fact]
    public void Bytes_OfAnyEntry_AreSortedJsonWithoutSpace() => Samples.Entry.Sample(entry =>
    {
        var bytes = Canonical.Bytes(entry.Written(7, Samples.At));
        _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        using var json = JsonDocument.Parse(bytes);
        Assert.DoesNotContain((byte)'\n', bytes);
        AllSorted(json.RootElement);
        // The same members written by another writer, with its own escapes undone, have as many bytes.
        Assert.Equal(bytes.Length, Length(json.RootElement));
    }, iter: 1000);

    [Fact]
    public void Text_WithWhatBreaksReaders_IsCleaned()
    {
        var entry = Samples.Of(1) with { Actor = new(AuditActorKind.Anonymous, "", "a\u0000b\u001b[31m\uD800" + new string('x', 500)), Reason = "two\nlines" };
        var written = entry.Written(1, Samples.At);
        Assert.StartsWith("a\uFFFDb\uFFFD[31m\uFFFDxxx", written.Actor.Name, StringComparison.Ordinal);
        Assert.Equal(200, written.Actor.Name.Length);
        Assert.Equal("two\nlines", written.Reason);
    }

    [Theory]
    [InlineData("Variable:set")]
    [InlineData("variable")]
    [InlineData("variable:")]
    [InlineData("variable:set\n")]
    [InlineData("")]
    public void Action_ThatIsNone_IsRefused(string action) => Assert.Throws<FormatException>(() => (Samples.Of(1) with { Action = action }).Written(1, Samples.At));

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    public void Tenant_ThatIsNone_IsRefused(string tenant) => Assert.Throws<FormatException>(() => (Samples.Of(1) with { Tenant = tenant }).Written(1, Samples.At));

    [Theory]
    [InlineData("password")]
    [InlineData("newPassword")]
    [InlineData("client_secret")]
    [InlineData("accessToken")]
    [InlineData("API.apiKey")]
    public void Fields_NamedAsSecretsAre_TakeNoText(string name)
    {
        Assert.Throws<ArgumentException>(() => new AuditFields { [name] = "hunter2" });
        Assert.Throws<ArgumentException>(() => new AuditFields { [name] = new[] { "hunter2" } });
        Assert.Equal($$"""{"{{name}}":"[secret]"}""", Canonical.Text(new AuditFields { [name] = AuditValue.Secret }));
        Assert.Equal($$"""{"{{name}}":true}""", Canonical.Text(new AuditFields { [name] = true }));
    }

    [Theory]
    [InlineData("use prts_0123456789abcdefghijklmnopqrstuvwxyz please", "use [secret] please")]
    [InlineData("prtsj_ZGVmYXVsdC9kZW1v.c2lnbmF0dXJl", "[secret]")]
    [InlineData("https://ann:pa55word@git.example.com/x", "https://ann:[secret]@git.example.com/x")]
    [InlineData("x -----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY----- y", "x [secret] y")]
    [InlineData("https://example.com:5080/a@b", "https://example.com:5080/a@b")]
    [InlineData("prts_short", "prts_short")]
    public void Values_ThatLookSecret_AreHidden(string text, string expected)
    {
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(JsonDocument.Parse(Canonical.Text(new AuditFields { ["note"] = text })).RootElement.GetProperty("note").GetString()));
        Assert.Equal(expected, (Samples.Of(1) with { Reason = text }).Written(1, Samples.At).Reason);
    }

    [Fact]
    public void Fields_OfAnyLength_AreCut()
    {
        var fields = new AuditFields { ["text"] = new string('x', 5000), ["list"] = Enumerable.Range(0, 1000).Select(i => $"{i}").ToArray(), ["number"] = long.MaxValue };
        using var json = JsonDocument.Parse(Canonical.Text(fields));
        Assert.Equal(1000, json.RootElement.GetProperty("text").GetString()!.Length);
        Assert.Equal((101, "… and 900 more"), (json.RootElement.GetProperty("list").GetArrayLength(), json.RootElement.GetProperty("list")[100].GetString()));
        Assert.Equal("9223372036854775807", json.RootElement.GetProperty("number").GetString());
        for (var i = fields.Count; i < AuditFields.Most; i++) fields[$"f{i}"] = i;
        Assert.Throws<ArgumentException>(() => fields["more"] = 1);
    }

    private static void AllSorted(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return;
        var names = element.EnumerateObject().Select(member => member.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        foreach (var member in element.EnumerateObject()) AllSorted(member.Value);
    }

    private static int Length(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => 2 + Math.Max(0, element.EnumerateObject().Count() - 1) + element.EnumerateObject().Sum(member => Length(member.Name) + 1 + Length(member.Value)),
        JsonValueKind.Array => 2 + Math.Max(0, element.GetArrayLength() - 1) + element.EnumerateArray().Sum(Length),
        JsonValueKind.String => Length(element.GetString()!),
        _ => element.GetRawText().Length,
    };

    private static int Length(string text) => 2 + Encoding.UTF8.GetByteCount(text) + text.Count(unit => unit is '"' or '\\' or '\n' or '\t');
}
