using System.Text;
using PRTS.Pipelines.Parsing.Includes;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads pipeline files (docs/pipeline.md).</summary>
public static class PipelineParser
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Dictionary<IncludeAddress, IncludedFile> Nothing = [];

    /// <summary>Reads and checks one file that includes nothing; whatever the text is, it returns within bounds of time and memory.</summary>
    /// <param name="file">Path in the repository, for messages and the default name.</param>
    /// <param name="text">The file's content.</param>
    /// <returns>The pipeline, or everything that is wrong with it.</returns>
    public static ParseResult Parse(string file, string text)
    {
        var result = Parse(file, text, Nothing);
        return result.Missing.Count == 0 ? result
            : Parse(file, text, result.Missing.ToDictionary(address => address, _ => IncludedFile.None("there is nothing to include from here.")));
    }

    /// <summary>The same for a file's bytes, which must be UTF-8; a byte order mark may lead.</summary>
    public static ParseResult Parse(string file, ReadOnlySpan<byte> content)
    {
        var errors = new ErrorList(file);
        return Decode(content, errors) is { } text ? Parse(file, text) : new() { Errors = errors.InOrder() };
    }

    /// <summary>Reads and checks a file with the templates that it includes.</summary>
    /// <param name="load">Brings a template, or says why there is none.</param>
    public static async Task<ParseResult> Parse(string file, ReadOnlyMemory<byte> content, Func<IncludeAddress, Task<IncludedFile>> load)
    {
        var known = new Dictionary<IncludeAddress, IncludedFile>();
        while (true)
        {
            var result = Parse(file, content.Span, known);
            if (result.Missing.Count == 0) return result;
            foreach (var address in result.Missing) known.Add(address, await load(address));
        }
    }

    /// <summary>Null, with an error, when it is too large or no UTF-8.</summary>
    internal static string? Decode(ReadOnlySpan<byte> content, ErrorList errors)
    {
        // Before it is decoded: of a larger file the end may be missing.
        if (content.Length > YamlLimits.FileCharacters)
        {
            TooLarge(errors, "bytes");
            return null;
        }

        try
        {
            return Utf8.GetString(content).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException wrong)
        {
            var before = content[..Math.Clamp(wrong.Index, 0, content.Length)];
            errors.Add(DiagnosticCodes.Encoding, new Place(before.Count((byte)'\n') + 1, before.Length - before.LastIndexOf((byte)'\n')), "The file is not UTF-8 from here on; save it as UTF-8.");
            return null;
        }
    }

    private static ParseResult Parse(string file, ReadOnlySpan<byte> content, IReadOnlyDictionary<IncludeAddress, IncludedFile> known)
    {
        var errors = new ErrorList(file);
        return Decode(content, errors) is { } text ? Parse(file, text, known) : new() { Errors = errors.InOrder() };
    }

    private static ParseResult Parse(string file, string text, IReadOnlyDictionary<IncludeAddress, IncludedFile> known)
    {
        var errors = new ErrorList(file);
        var expander = new IncludeExpander(known, errors);
        var pipeline = Read(file, text, expander, errors);
        // What is missing may mend what seems wrong.
        return expander.Missing.Count > 0 ? new() { Errors = [], Missing = expander.Missing }
            : new() { Pipeline = errors.Any ? null : pipeline! with { Includes = expander.Used }, Errors = errors.InOrder() };
    }

    private static PipelineDefinition? Read(string file, string text, IncludeExpander expander, ErrorList errors)
    {
        if (text.Length > YamlLimits.FileCharacters)
        {
            TooLarge(errors, "characters");
            return null;
        }

        try
        {
            if (YamlComposer.Compose(text, errors) is { } root and not YamlScalar { IsNull: true })
            {
                var whole = expander.Expand(root);
                return expander.Missing.Count == 0 ? ReadPipeline(file, whole, errors) : null;
            }

            errors.Add(DiagnosticCodes.EmptyFile, new Place(1, 1), "The file is empty; a pipeline needs at least `stages`.");
        }
        catch (YamlStopException stop)
        {
            errors.Add(stop.Code, stop.At, stop.Message);
        }

        return null;
    }

    private static void TooLarge(ErrorList errors, string units) => errors.Add(DiagnosticCodes.FileTooLarge, new Place(1, 1),
        $"The file is too large: a pipeline file has at most {YamlLimits.FileCharacters:N0} {units}. Move long scripts into files of the repository.");

    private static PipelineDefinition? ReadPipeline(string file, YamlNode root, ErrorList errors)
    {
        if (MappingReader.Of(root, PipelineKeys.Pipeline, errors) is not { } reader) return null;
        if (reader.Fixed("version") is { } version && version.Value is not ("1.0" or "1"))
            errors.Add(DiagnosticCodes.BadValue, version.Start, $"There is no version `{Words.Short(version.Value)}` of the language; write `version: \"1.0\"`.");
        var mark = errors.References.Mark;
        var pipeline = new PipelineDefinition
        {
            File = file,
            Name = reader.Has("name") ? StageReader.Name(reader)?.Value : null,
            Triggers = reader.Triggers(),
            Inputs = reader.Inputs(),
            Concurrency = reader.Concurrency(Evaluated.BeforeBuild),
            Priority = reader.Priority(),
            Env = reader.Env(),
            Stages = StageReader.ReadAll(reader.Items("stages", reader.Require("stages", "the list of what the pipeline does"), "stages"), n => StageReader.Read(n, errors)),
        };
        pipeline = pipeline with { References = errors.References.Take(mark) };
        PipelineCheck.Check(pipeline, errors);
        if (!errors.Any) DownloadCheck.Check(pipeline, errors);
        return pipeline;
    }
}
