using System.Security.Cryptography;
using System.Text;
using PRTS.Api.Webhooks;

namespace PRTS.Web.Tests.Webhooks;

public class WebhookReaderTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("push", $$"""{"ref":"refs/heads/main","before":"x","after":"{{Commit}}","commits":[]}""", "refs/heads/main", Commit)]
    [InlineData("Push Hook", $$"""{"object_kind":"push","ref":"refs/heads/a/b","after":"{{Commit}}"}""", "refs/heads/a/b", Commit)]
    [InlineData("Tag Push Hook", $$"""{"ref":"refs/tags/v1","after":"{{Commit}}"}""", "refs/tags/v1", Commit)]
    [InlineData("push", """{"ref":"refs/tags/v1"}""", "refs/tags/v1", null)]
    [InlineData(null, """{"ref":"main"}""", "main", null)]
    public void Read_Push_StartsItsRef(string? name, string body, string gitRef, string? commit)
    {
        var start = Assert.IsType<WebhookReading.Start>(Read(body, name, "d-1"));
        Assert.Equal((gitRef, commit, "d-1"), (start.Ref, start.Commit, start.Delivery));
        Assert.Null(start.Inputs);
    }

    [Fact]
    public void Read_OwnForm_HasInputsAsTexts()
    {
        var start = Assert.IsType<WebhookReading.Start>(Read("""{"ref":"main","inputs":{"target":"live","count":1.50,"dry":true}}""", null));
        Assert.Equal([("target", "live"), ("count", "1.50"), ("dry", "true")], start.Inputs!.Select(input => (input.Key, input.Value)));
        Assert.Null(start.Delivery);
    }

    [Theory]
    [InlineData("push", """{"ref":"refs/heads/old","after":"0000000000000000000000000000000000000000","deleted":true}""", "refs/heads/old was deleted.")]
    [InlineData("push", """{"ref":"refs/pull/1/head"}""", "refs/pull/1/head is neither a branch nor a tag.")]
    [InlineData("issues", "{}", "The event 'issues' starts nothing")]
    public void Read_OtherEvents_AreIgnoredAndSayWhy(string name, string body, string why) => Assert.StartsWith(why, Assert.IsType<WebhookReading.Ignored>(Read(body, name)).Why, StringComparison.Ordinal);

    [Theory]
    [InlineData("push", "{}", "`ref`")]
    [InlineData("push", """{"ref":1}""", "`ref`")]
    [InlineData("push", """{"ref":"refs/heads/a b"}""", "`ref`")]
    [InlineData("push", """{"ref":"refs/heads/main","after":"HEAD"}""", "`after`")]
    [InlineData("push", """{"ref":"refs/heads/main","ref":"refs/heads/other"}""", "no JSON that is read: one of its objects has the same member twice.")]
    [InlineData(null, """{"ref":"main","inputs":{"a":"1","a":"2"}}""", "has the same member twice.")]
    [InlineData("push", """{"ref":"refs/heads/\ud800"}""", "no Unicode")]
    [InlineData("push", "[]", "no JSON object")]
    [InlineData("push", "{", "no JSON that is read (line 1, byte 2)")]
    [InlineData(null, """{"ref":"--upload-pack=x"}""", "`ref`")]
    [InlineData(null, """{"ref":"main","commit":"x"}""", "There is no member 'commit'")]
    [InlineData(null, """{"ref":"main","inputs":[]}""", "`inputs` must be an object")]
    [InlineData(null, """{"ref":"main","inputs":{"a":{}}}""", "The input 'a'")]
    public void Read_WhatCannotBe_IsAProblem(string? name, string body, string words) => Assert.Contains(words, Assert.IsType<WebhookReading.Problem>(Read(body, name)).Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("application/x-www-form-urlencoded", null, "application/json")]
    [InlineData(null, null, "application/json")]
    [InlineData("application/json", "d 1", "id")]
    public void Read_WrongHeaders_AreAProblem(string? type, string? delivery, string words) =>
        Assert.Contains(words, Assert.IsType<WebhookReading.Problem>(WebhookReader.Read("{\"ref\":\"main\"}"u8.ToArray(), new(type, null, delivery))).Detail, StringComparison.Ordinal);

    [Fact]
    public void Ping_IsOne() => Assert.IsType<WebhookReading.Ping>(Read("""{"zen":"Keep it simple."}""", "ping"));

    [Fact]
    public void Signature_OfBodyAndSecret_IsTheOnlyOneThatIsRight()
    {
        var (secret, body) = ("prtsw_x"u8.ToArray(), "{}"u8.ToArray());
        var right = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, body));
        Assert.True(WebhookSignature.IsRight(secret, body, right, token: null));
        Assert.True(WebhookSignature.IsRight(secret, body, signature: null, "prtsw_x"));
        foreach (var wrong in (string[])["", "sha256=", right[..^1], right + "0", right.Replace("sha256", "sha1", StringComparison.Ordinal), right[..^1] + (right[^1] == '0' ? '1' : '0'), right[..^1] + "g"])
            Assert.False(WebhookSignature.IsRight(secret, body, wrong, "prtsw_x"), wrong);
        foreach (var wrong in (string?[])[null, "", "prtsw_", "prtsw_y", "prtsw_x "])
            Assert.False(WebhookSignature.IsRight(secret, body, signature: null, wrong));
        Assert.False(WebhookSignature.IsRight([], body, signature: null, token: null));
        Assert.False(WebhookSignature.IsRight("another"u8, body, right, token: null));
        Assert.False(WebhookSignature.IsRight(secret, "{ }"u8, right, token: null));
    }

    private static WebhookReading Read(string body, string? name, string? delivery = null) => WebhookReader.Read(Encoding.UTF8.GetBytes(body), new("application/json; charset=utf-8", name, delivery));
}
