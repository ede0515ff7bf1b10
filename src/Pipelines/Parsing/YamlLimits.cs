namespace PRTS.Pipelines.Parsing;

/// <summary>What a pipeline file may cost. Files come from anyone who can push.</summary>
internal static class YamlLimits
{
    /// <summary>Characters, and bytes, of the file: 1 MiB.</summary>
    public const int FileCharacters = 1024 * 1024;

    public const int Depth = 50;

    /// <summary>Nodes when every alias is written out.</summary>
    public const long Nodes = 100_000;

    /// <summary>Characters of scalars when every alias is written out.</summary>
    public const long Characters = 4 * 1024 * 1024;
}
