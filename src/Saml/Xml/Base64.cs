namespace PRTS.Saml.Xml;

internal static class Base64
{
    /// <summary>The bytes; null when the text is no base64. White space in it does not count.</summary>
    public static byte[]? Read(string text)
    {
        var bytes = new byte[(text.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
