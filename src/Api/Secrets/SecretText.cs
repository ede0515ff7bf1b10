using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Api.Secrets;

/// <summary>
/// A secret's value, as UTF-8. It prints as <c>***</c> wherever it is printed, also by serializers and debuggers, and is overwritten when it is
/// disposed. Requests may have one in their JSON; nothing is ever written there but <c>***</c>.
/// </summary>
[DebuggerDisplay("***")]
[JsonConverter(typeof(SecretTextJson))]
public sealed class SecretText : IDisposable, IEquatable<SecretText>
{
    private const string Masked = "***";
    private byte[]? bytes;

    private SecretText(byte[] owned) => bytes = owned;

    /// <exception cref="ArgumentException">The text has half a surrogate pair, which UTF-8 has not.</exception>
    public static SecretText Of(string text)
    {
        // Encoding would replace it silently, and complain with a piece of the secret.
        if (HasLoneSurrogate(text)) throw new ArgumentException("The value is no valid text.", nameof(text));
        return new(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Takes the bytes over; the caller does not use them any more.</summary>
    public static SecretText Owning(byte[] utf8) => new(utf8);

    /// <summary>Bytes of UTF-8.</summary>
    public int CountBytes() => Bytes.Length;

    /// <summary>The value itself, until this is disposed.</summary>
    public ReadOnlySpan<byte> AsUtf8() => Bytes;

    /// <summary>The value itself, in a string that nobody can overwrite: only for interfaces that take nothing else.</summary>
    public string Reveal() => Encoding.UTF8.GetString(Bytes);

    /// <summary>A copy with a life of its own.</summary>
    public SecretText Copy() => new(Bytes.ToArray());

    public void Dispose()
    {
        if (Interlocked.Exchange(ref bytes, null) is { } value) CryptographicOperations.ZeroMemory(value);
    }

    public override string ToString() => Masked;

    /// <summary>Takes as long for values that differ late as for those that differ early.</summary>
    public bool Equals(SecretText? other) => other is not null && CryptographicOperations.FixedTimeEquals(Bytes, other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as SecretText);

    /// <summary>One number for all: a hash would tell about the value.</summary>
    public override int GetHashCode() => 0;

    private static bool HasLoneSurrogate(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != OperationStatus.Done) return true;
            rest = rest[length..];
        }

        return false;
    }

    private byte[] Bytes => bytes ?? throw new ObjectDisposedException(nameof(SecretText));

    private sealed class SecretTextJson : JsonConverter<SecretText>
    {
        public override SecretText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("A secret's value is a string.");
            var buffer = new byte[reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length];
            try
            {
                // What is no valid text throws; the serializer makes a JsonException of it.
                var length = reader.CopyString(buffer);
                return new(buffer.AsSpan(0, length).ToArray());
            }
            finally
            {
                CryptographicOperations.ZeroMemory(buffer);
            }
        }

        public override void Write(Utf8JsonWriter writer, SecretText value, JsonSerializerOptions options) => writer.WriteStringValue(Masked);
    }
}
