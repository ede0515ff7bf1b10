using SharpFuzz;

namespace PRTS.Fuzz.Tests.Loop;

/// <summary>
/// A copy of this program with its assemblies, in which those of the readers count the edges of their code. What other tests use stays as the compiler made it.
/// </summary>
public sealed class InstrumentedCopy : IDisposable
{
    /// <summary>Assembly, and how the full names of the types begin that count.</summary>
    private static readonly (string Assembly, string Types)[] Instrumented =
    [
        ("PRTS.Pipelines", "PRTS.Pipelines."),
        ("YamlDotNet", "YamlDotNet.Core."),
        ("PRTS.Execution", "PRTS.Execution."),
        ("ZstdSharp", "ZstdSharp."),
        ("PRTS.Saml", "PRTS.Saml."),
        ("PRTS.Api", "PRTS.Api.Webhooks."),
        ("System.Security.Cryptography.Xml", "System.Security.Cryptography.Xml."),
        ("PRTS.Fuzz.Tests", "PRTS.Fuzz.Tests.Targets.Planted"),
    ];

    public InstrumentedCopy()
    {
        foreach (var source in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(AppContext.BaseDirectory, source));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(source, copy);
        }

        foreach (var (assembly, types) in Instrumented)
        {
            var found = Fuzzer.Instrument(Path.Combine(Folder, assembly + ".dll"), type => type.StartsWith(types, StringComparison.Ordinal), Options.Value);
            if (!found.Any()) throw new InvalidOperationException($"{assembly} has no types {types}*.");
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("prts-fuzz-").FullName;

    public string Program => Path.Combine(Folder, "PRTS.Fuzz.Tests");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
