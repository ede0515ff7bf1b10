using System.Net;
using System.Security;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace PRTS.Supervisor.Tests.Masking;

/// <summary>How others write a text: none of this is the product's code.</summary>
internal static class Encoders
{
    private static readonly JavaScriptEncoder AllLetters = JavaScriptEncoder.Create(UnicodeRanges.All);

    /// <summary>Forms that stand for the whole text and nothing else.</summary>
    public static IEnumerable<(string Name, string Text)> Whole(string secret)
    {
        yield return ("raw", secret);
        // What has a carriage return before a line feed has one after this, too.
        yield return ("raw, CRLF", secret.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        yield return ("JSON", JsonEncodedText.Encode(secret).Value);
        yield return ("JSON, relaxed", JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value);
        yield return ("JSON, letters kept", JsonEncodedText.Encode(secret, AllLetters).Value);
        yield return ("JSON, as in PHP", string.Concat(secret.Select(c => c is < ' ' or > '~' ? $"\\u{(int)c:x4}" : c is '/' or '"' or '\\' ? $"\\{c}" : c.ToString())));
        yield return ("URL", Uri.EscapeDataString(secret));
        yield return ("URL, lower case", LowerHex(Uri.EscapeDataString(secret)));
        yield return ("encodeURIComponent", EscapeAllBut(secret, "-_.!~*'()"));
        yield return ("URL, all but letters and digits", EscapeAllBut(secret, ""));
        yield return ("form", WebUtility.UrlEncode(secret));
        yield return ("XML", SecurityElement.Escape(secret));
        yield return ("HTML", WebUtility.HtmlEncode(secret));
        yield return ("HTML, hexadecimal", HtmlEncoder.Default.Encode(secret));
        yield return ("shell, single quotes", secret.Replace("'", "'\\''", StringComparison.Ordinal));
        yield return ("shell, quoted quotes", secret.Replace("'", "'\"'\"'", StringComparison.Ordinal));
        yield return ("shell, double quotes", string.Concat(secret.Select(c => c is '"' or '\\' or '$' or '`' ? $"\\{c}" : c.ToString())));
        yield return ("shell, backslashes", string.Concat(secret.Select(c => c < 128 && c > ' ' && !char.IsAsciiLetterOrDigit(c) ? $"\\{c}" : c == ' ' ? "\\ " : c.ToString())));
        yield return ("C", string.Concat(Encoding.UTF8.GetBytes(secret).Select(b => b is >= 32 and < 127 and not (byte)'\\' and not (byte)'\'' ? ((char)b).ToString() : b is 39 or 92 ? $"\\{(char)b}" : $"\\{Convert.ToString(b, 8).PadLeft(3, '0')}")));
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return ("hex", Convert.ToHexStringLower(bytes));
        yield return ("hex, upper case", Convert.ToHexString(bytes));
    }

    /// <summary>The text in base64 between other bytes, and of that what has nothing of the text in it.</summary>
    public static IEnumerable<(string Name, string Text, string Before, string After)> Base64(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        for (var offset = 0; offset < 3; offset++)
        {
            foreach (var behind in (int[])[0, 1, 2])
            {
                var text = Convert.ToBase64String([.. "\x8f\xe3\xfd"u8[..offset], .. bytes, .. "\xfe\x07\x1c"u8[..behind]]);
                var (start, end) = (offset * 8 / 6, (((offset + bytes.Length) * 8) + 5) / 6);
                yield return ($"base64, {offset} before, {behind} behind", text, text[..start], text[end..]);
                if (text.AsSpan().ContainsAny('+', '/'))
                {
                    var url = text.Replace('+', '-').Replace('/', '_').TrimEnd('=');
                    yield return ($"base64url, {offset} before, {behind} behind", url, url[..start], url[end..]);
                }
            }
        }
    }

    public static string LowerHex(string escaped)
    {
        var text = new StringBuilder(escaped);
        for (var i = escaped.IndexOf('%', StringComparison.Ordinal); i >= 0; i = escaped.IndexOf('%', i + 1))
            (text[i + 1], text[i + 2]) = (char.ToLowerInvariant(text[i + 1]), char.ToLowerInvariant(text[i + 2]));
        return text.ToString();
    }

    private static string EscapeAllBut(string secret, string kept) =>
        string.Concat(Encoding.UTF8.GetBytes(secret).Select(b => char.IsAsciiLetterOrDigit((char)b) || kept.Contains((char)b, StringComparison.Ordinal) ? ((char)b).ToString() : $"%{b:X2}"));
}
