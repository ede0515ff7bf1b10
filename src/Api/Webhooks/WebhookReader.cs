using System.Globalization;
using System.Text;
using System.Text.Json;

namespace PRTS.Api.Webhooks;

/// <summary>The headers of a delivery that say what it is; null: there is none.</summary>
/// <param name="ContentType">Of the body.</param>
/// <param name="Event">Of <c>X-GitHub-Event</c>, <c>X-Gitea-Event</c>, <c>X-Forgejo-Event</c> or <c>X-Gitlab-Event</c>; null: our own form.</param>
/// <param name="Delivery">Of <c>X-GitHub-Delivery</c>, <c>X-Gitea-Delivery</c>, <c>X-Forgejo-Delivery</c> or <c>X-Gitlab-Event-UUID</c>.</param>
public sealed record WebhookHeaders(string? ContentType, string? Event, string? Delivery);

/// <summary>What a delivery asks for.</summary>
public abstract record WebhookReading
{
    private WebhookReading()
    {
    }

    /// <summary>Start the pipelines of a ref.</summary>
    /// <param name="Ref">A branch or tag; in full where a forge says it.</param>
    /// <param name="Commit">What the ref points to, in lower-case hex; null: whatever it points to here.</param>
    /// <param name="Inputs">Of the pipelines; null: none were given.</param>
    /// <param name="Delivery">The same for each time that this is delivered; null: the sender does not number.</param>
    public sealed record Start(string Ref, string? Commit, IReadOnlyDictionary<string, string>? Inputs, string? Delivery) : WebhookReading;

    /// <summary>Nothing: the sender tries whether somebody is there.</summary>
    public sealed record Ping : WebhookReading;

    /// <summary>Nothing, though it is a delivery. Why: a sentence.</summary>
    public sealed record Ignored(string Why) : WebhookReading;

    /// <summary>It is no delivery. Detail: what is wrong and what would be right.</summary>
    public sealed record Problem(string Detail) : WebhookReading;
}

/// <summary>
/// Reads what GitHub, Gitea, Forgejo and GitLab deliver, and our own form, <c>{"ref": "main", "inputs": {"name": "value"}}</c>. Pure; whatever the bytes are,
/// the answer is a reading, whose texts have no control characters.
/// </summary>
public static class WebhookReader
{
    /// <summary>Bytes of a body.</summary>
    public const int Longest = 1 << 20;

    private const int LongestRef = 250;
    private const int LongestDelivery = 100;
    private const int MostInputs = 100;
    private const string Branches = "refs/heads/";
    private const string Tags = "refs/tags/";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    public static WebhookReading Read(ReadOnlyMemory<byte> body, WebhookHeaders headers)
    {
        if (!IsJson(headers.ContentType)) return new WebhookReading.Problem("The body must be application/json; choose that content type where the webhook is set up.");
        if (body.Length > Longest) return new WebhookReading.Problem($"The body has {body.Length} bytes; at most {Longest} are read.");
        if (headers.Delivery is { } delivery && (delivery.Length is 0 or > LongestDelivery || delivery.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))))
            return new WebhookReading.Problem($"The delivery's id is not 1–{LongestDelivery} of letters, digits and - _ .");
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return new WebhookReading.Problem("The body is no JSON object.");
            return headers.Event is { } name ? OfForge(name, document.RootElement, headers.Delivery) : Own(document.RootElement, headers.Delivery);
        }
        catch (JsonException unread) when (unread.LineNumber is null)
        {
            // That a member stands twice is found in what was read already: there is no place to name.
            return new WebhookReading.Problem("The body is no JSON that is read: one of its objects has the same member twice.");
        }
        catch (JsonException wrong)
        {
            return new WebhookReading.Problem(string.Create(CultureInfo.InvariantCulture, $"The body is no JSON that is read (line {wrong.LineNumber + 1}, byte {wrong.BytePositionInLine + 1})."));
        }
        catch (InvalidOperationException)
        {
            return new WebhookReading.Problem("The body has a text that is no Unicode.");
        }
    }

    /// <summary>With or without a character set, which must be UTF-8 for JSON.</summary>
    private static bool IsJson(string? contentType) => contentType?.Split(';', 2)[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) == true;

    private static WebhookReading OfForge(string name, JsonElement body, string? delivery)
    {
        if (name.Equals("ping", StringComparison.OrdinalIgnoreCase)) return new WebhookReading.Ping();
        if (name is not ("push" or "Push Hook" or "Tag Push Hook")) return new WebhookReading.Ignored($"The event {Shown(name)} starts nothing; pushes of branches and tags do.");
        if (Text(body, "ref") is not { } pushed || !IsRef(pushed)) return new WebhookReading.Problem("The push has no `ref`, or one that cannot be.");
        if (!pushed.StartsWith(Branches, StringComparison.Ordinal) && !pushed.StartsWith(Tags, StringComparison.Ordinal))
            return new WebhookReading.Ignored($"{pushed} is neither a branch nor a tag.");
        if (Text(body, "after") is not { } after) return new WebhookReading.Start(pushed, Commit: null, Inputs: null, delivery);
        if (after.Length is not (40 or 64) || !after.All(char.IsAsciiHexDigit)) return new WebhookReading.Problem("`after` is no commit.");
        return after.All(digit => digit == '0')
            ? new WebhookReading.Ignored($"{pushed} was deleted.")
            : new WebhookReading.Start(pushed, after.ToLowerInvariant(), Inputs: null, delivery);
    }

    private static WebhookReading Own(JsonElement body, string? delivery)
    {
        if (body.EnumerateObject().FirstOrDefault(member => member.Name is not ("ref" or "inputs")) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
            return new WebhookReading.Problem($"There is no member {Shown(unknown.Name)}; a body has `ref` and may have `inputs`.");
        if (Text(body, "ref") is not { } given || !IsRef(given)) return new WebhookReading.Problem("`ref` must name a branch or tag.");
        if (!body.TryGetProperty("inputs", out var inputs) || inputs.ValueKind == JsonValueKind.Null) return new WebhookReading.Start(given, Commit: null, Inputs: null, delivery);
        if (inputs.ValueKind != JsonValueKind.Object) return new WebhookReading.Problem("`inputs` must be an object of names and values.");
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var input in inputs.EnumerateObject())
        {
            if (values.Count == MostInputs) return new WebhookReading.Problem($"There are more than {MostInputs} inputs.");
            if (Value(input.Value) is not { } value || value.Contains('\0', StringComparison.Ordinal)) return new WebhookReading.Problem($"The input {Shown(input.Name)} must be a text, a number or true or false.");
            values.Add(input.Name, value);
        }

        return new WebhookReading.Start(given, Commit: null, values, delivery);
    }

    private static string? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>What git would not take as a name is no name here either; neither is what it could take for an option.</summary>
    private static bool IsRef(string text) => text.Length is > 0 and <= LongestRef && text[0] is not ('-' or '/') && !text.Contains("..", StringComparison.Ordinal)
        && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || char.IsSurrogate(c) || c is '~' or '^' or ':' or '?' or '*' or '[' or '\\');

    /// <summary>A piece of what came, fit for an answer.</summary>
    private static string Shown(string text)
    {
        var shown = new StringBuilder("'");
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, 40))) shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return shown.Append(text.Length > 40 ? "…'" : "'").ToString();
    }
}
