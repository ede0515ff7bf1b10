using System.Text.Json;

namespace PRTS.Web.Access.SignIn;

/// <summary>JSON from a provider in which nothing can be read in two ways, and nothing is that we could not keep.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>The one object that it is.</summary>
    /// <param name="what">Where it comes from, for the message.</param>
    /// <exception cref="SignInException">It is no JSON, no object, has a name twice, half a surrogate pair or a character zero.</exception>
    public static JsonElement Read(ReadOnlyMemory<byte> utf8, string what)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8.Span);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.GetString()!.Contains('\0', StringComparison.Ordinal)) throw new JsonException("A text has the character zero.");
            }

            using var document = JsonDocument.Parse(utf8, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw new JsonException("It is no object.");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new SignInException($"What {what} says cannot be read: {failure.Message}", failure);
        }
    }
}
