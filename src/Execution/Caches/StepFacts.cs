using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PRTS.Execution.Caches;

/// <summary>A file that a step reads. Path: in the workspace. Sha256: lower-case hex.</summary>
internal sealed record StepFile(string Path, bool Executable, string Sha256);

/// <summary>All that a cacheable step's result depends on. Paths are in the workspace; variables are those that the pipeline declares, with their values.</summary>
internal sealed record StepFacts
{
    /// <summary>Changes with what goes into the key, and with what the archive holds.</summary>
    private const string Version = "2";

    public required string Command { get; init; }
    public required string Shell { get; init; }
    public required string Directory { get; init; }

    /// <summary>The image's digest and how it is run, or the kind of machine.</summary>
    public required string Host { get; init; }

    /// <summary>Name of each and all that is said of it.</summary>
    public required IReadOnlyList<(string Name, string Settings)> Services { get; init; }
    public required IReadOnlyList<(string Name, string Value)> Variables { get; init; }

    /// <summary>As they are declared: what matches nothing counts, too.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }
    public required IReadOnlyList<string> Outputs { get; init; }
    public required IReadOnlyList<StepFile> Files { get; init; }
    public required IReadOnlyList<(string Path, string Target)> Links { get; init; }

    /// <summary>
    /// SHA-256, lower-case hex. Every text is hashed with its length before it and every list with its count, so that no two different steps
    /// write the same bytes. The order of files, links and variables does not count.
    /// </summary>
    public string Key()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in (string[])[Version, Command, Shell, Directory, Host])
            Add(text);
        All(Services.Select(service => (string[])[service.Name, service.Settings]));
        All(Variables.OrderBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => (string[])[variable.Name, variable.Value]));
        All(Inputs.Select(path => (string[])[path]));
        All(Outputs.Select(path => (string[])[path]));
        All(Files.OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => (string[])[file.Path, file.Executable ? "x" : "-", file.Sha256]));
        All(Links.OrderBy(link => link.Path, StringComparer.Ordinal).Select(link => (string[])[link.Path, link.Target]));
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void All(IEnumerable<string[]> rows)
        {
            var list = rows.ToList();
            Number(list.Count);
            foreach (var text in list.SelectMany(row => row))
                Add(text);
        }

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Number(bytes.Length);
            hash.AppendData(bytes);
        }

        void Number(int number)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
            hash.AppendData(bytes);
        }
    }
}
