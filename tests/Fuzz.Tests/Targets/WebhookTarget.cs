using System.Security.Cryptography;
using System.Text;
using PRTS.Api.Webhooks;
using PRTS.Fuzz.Tests.Loop;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>Deliveries of webhooks: lines of headers, an empty one, and the body. Nobody signed them, unless the search guesses the secret.</summary>
internal sealed class WebhookTarget : IFuzzTarget
{
    private static readonly byte[] Secret = "prtsw_secret"u8.ToArray();

    public string Name => "webhook";

    public IEnumerable<byte[]> Seeds => AllTargets.With(Name, new[]
    {
        "Content-Type: application/json\nEvent: push\nDelivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\n\n{\"ref\":\"refs/heads/main\",\"before\":\"0000000000000000000000000000000000000000\",\"after\":\"6113728f27ae82c7b1a177c8d03f9e96e0adf246\",\"commits\":[{\"id\":\"6113728f\",\"added\":[],\"modified\":[\"README.md\"]}],\"deleted\":false}",
        "Content-Type: application/json; charset=utf-8\nEvent: Tag Push Hook\n\n{\"object_kind\":\"tag_push\",\"ref\":\"refs/tags/v1.0.0\",\"after\":\"82b3d5ae55f7080f1e6022629cdb57bfae7cccc7\"}",
        "Content-Type: application/json\nSignature: sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\n{\"ref\":\"main\",\"inputs\":{\"target\":\"live\",\"count\":3,\"dry\":true}}",
        "Content-Type: application/json\nEvent: ping\nToken: x\n\n{\"zen\":\"Keep it simple.\"}",
    }.Select(Encoding.UTF8.GetBytes));

    public IReadOnlyList<byte[]> Tokens { get; } = AllTargets.Tokens(
        "Content-Type: ", "application/json", "Event: ", "Delivery: ", "Signature: sha256=", "Token: ", "\n\n", "push", "Push Hook", "ping", "\"ref\":", "\"after\":", "\"inputs\":{", "refs/heads/", "refs/tags/", "0000000000000000000000000000000000000000",
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "1e999", "-0", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\\\\", "\0", "\uFEFF", "\u2028", "..", "--", "@{", ".lock", "é", "/*", "//");

    public void Run(byte[] input)
    {
        var cut = input.AsSpan().IndexOf("\n\n"u8);
        var (head, body) = cut < 0 ? ("", input) : (Encoding.Latin1.GetString(input, 0, cut), input[(cut + 2)..]);
        var headers = head.Split('\n').Select(line => line.Split(": ", 2)).Where(line => line.Length == 2).DistinctBy(line => line[0], StringComparer.Ordinal).ToDictionary(line => line[0], line => line[1], StringComparer.Ordinal);
        Signature(body, headers.GetValueOrDefault("Signature"), headers.GetValueOrDefault("Token"));
        switch (WebhookReader.Read(body, new(headers.GetValueOrDefault("Content-Type"), headers.GetValueOrDefault("Event"), headers.GetValueOrDefault("Delivery"))))
        {
            case WebhookReading.Start start:
                Assert.InRange(start.Ref.Length, 1, 250);
                Assert.DoesNotContain(start.Ref, c => char.IsControl(c) || char.IsWhiteSpace(c));
                Assert.False(start.Ref[0] == '-' || start.Ref.Contains("..", StringComparison.Ordinal), start.Ref);
                Assert.True(start.Commit is null || (start.Commit.Length is 40 or 64 && start.Commit.All(char.IsAsciiHexDigitLower)), start.Commit);
                Assert.True(start.Delivery is null || start.Delivery.Length is > 0 and <= 100, start.Delivery);
                Assert.True(start.Inputs is null || start.Inputs.Values.All(value => !value.Contains('\0', StringComparison.Ordinal)));
                break;
            case WebhookReading.Ignored ignored:
                Readable(ignored.Why);
                break;
            case WebhookReading.Problem problem:
                Readable(problem.Detail);
                break;
        }
    }

    private static void Signature(byte[] body, string? signature, string? token)
    {
        var right = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Secret, body));
        Assert.True(WebhookSignature.IsRight(Secret, body, right, token));
        Assert.Equal(signature is null ? token == "prtsw_secret" : signature.Equals(right, StringComparison.OrdinalIgnoreCase) && signature.StartsWith("sha256", StringComparison.Ordinal), WebhookSignature.IsRight(Secret, body, signature, token));
    }

    /// <summary>In an answer and in the audit log.</summary>
    private static void Readable(string text)
    {
        Assert.InRange(text.Length, 1, 500);
        Assert.DoesNotContain(text, c => char.IsControl(c) || char.IsSurrogate(c));
    }
}
