using System.Text;
using PRTS.Fuzz.Tests.Loop;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>By their names.</summary>
internal static class AllTargets
{
    private static readonly Dictionary<string, Func<IFuzzTarget>> Known = new(StringComparer.Ordinal)
    {
        ["YAML"] = () => new YamlTarget(),
        ["archive"] = () => new ArchiveTarget(),
        ["SAML"] = () => new SamlTarget(),
        ["SAML metadata"] = () => new SamlMetadataTarget(),
        ["webhook"] = () => new WebhookTarget(),
        ["planted"] = () => new PlantedTarget("planted", PlantedFaults.Throw),
        ["planted, endless"] = () => new PlantedTarget("planted, endless", PlantedFaults.TakeForever),
        ["planted, memory"] = () => new PlantedTarget("planted, memory", PlantedFaults.TakeMemory),
        ["planted, stack"] = () => new PlantedTarget("planted, stack", PlantedFaults.OverflowTheStack),
    };

    public static IFuzzTarget Of(string name) => Known[name]();

    /// <summary>Cases that were once findings, each a file named after what went wrong.</summary>
    public static IEnumerable<string> Regressions(string target) =>
        Path.Combine(AppContext.BaseDirectory, "Regressions", target) is var folder && Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal) : [];

    /// <summary>The seeds of a target, those cases among them.</summary>
    public static IEnumerable<byte[]> With(string target, IEnumerable<byte[]> seeds) => seeds.Concat(Regressions(target).Select(File.ReadAllBytes)).Where(seed => seed.Length <= Mutator.Longest);

    public static IReadOnlyList<byte[]> Tokens(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Texts behind the byte that says how they are read.</summary>
    public static byte[] Mode(byte mode, byte[] rest) => [mode, .. rest];
}
