namespace PRTS.Pipelines;

/// <summary>The JSON Schema of pipeline files (draft 2020-12), for editors. The same text as docs/pipeline.schema.json.</summary>
public static class PipelineSchema
{
    /// <summary>Where a server serves it, to everybody.</summary>
    public const string Address = "/schemas/pipeline.json";

    private static readonly Lazy<string> Text = new(Read);

    /// <summary>The schema as JSON.</summary>
    public static string Json => Text.Value;

    private static string Read()
    {
        using var stream = typeof(PipelineSchema).Assembly.GetManifestResourceStream("pipeline.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
