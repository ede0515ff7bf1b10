using System.Text;
using System.Xml;

namespace PRTS.Saml.Xml;

/// <summary>
/// Reads XML that anybody may have written: UTF-8, no document type (so no entities of its own, external or not), no resolver, no processing instructions,
/// bounded in length, number, depth and attributes. Comments are left out, as the canonical form leaves them out, so no text is ever cut in two by one.
/// </summary>
internal static class SafeXml
{
    /// <summary>In bytes. A response with some thousand groups has a few hundred kB.</summary>
    public const int MaximumLength = 1 << 20;
    private const int MaximumElements = 30_000;
    private const int MaximumDepth = 48;
    private const int MaximumAttributes = 64;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The document, or null and what is wrong with it, as the end of a sentence that begins with its name.</summary>
    public static XmlDocument? Load(ReadOnlySpan<byte> bytes, out string problem)
    {
        if (bytes.Length > MaximumLength)
        {
            problem = $"has {bytes.Length} bytes, more than the {MaximumLength} that are read";
            return null;
        }

        try
        {
            var text = StrictUtf8.GetString(bytes).TrimStart('\uFEFF');
            problem = Survey(text);
            return problem.Length == 0 ? Read(text) : null;
        }
        catch (DecoderFallbackException)
        {
            problem = "is not in UTF-8";
        }
        catch (XmlException error)
        {
            problem = $"is no XML that is read (line {error.LineNumber}, column {error.LinePosition}): {Plain.Line(error.Message)}";
        }

        return null;
    }

    /// <summary>Looks for what makes a document dangerous to build: the canonical form is written by recursion.</summary>
    private static string Survey(string text)
    {
        using var reader = Reader(text);
        var elements = 0;
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element && ++elements > MaximumElements) return $"has more than {MaximumElements} elements";
            if (reader.NodeType == XmlNodeType.ProcessingInstruction) return "has a processing instruction";
            if (reader.Depth > MaximumDepth) return $"is nested deeper than {MaximumDepth} elements";
            if (reader.AttributeCount > MaximumAttributes) return $"has an element with more than {MaximumAttributes} attributes";
        }

        return "";
    }

    private static XmlDocument Read(string text)
    {
        // White space is signed too.
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        using var reader = Reader(text);
        document.Load(reader);
        return document;
    }

    private static XmlReader Reader(string text) => XmlReader.Create(new StringReader(text), new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = 2L * MaximumLength,
        MaxCharactersFromEntities = MaximumLength,
        ConformanceLevel = ConformanceLevel.Document,
        CheckCharacters = true,
        IgnoreComments = true,
    });
}
