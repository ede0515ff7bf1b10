using System.Formats.Tar;
using System.Globalization;
using System.Text;
using PRTS.Api.Builds;
using PRTS.Execution;
using PRTS.Execution.Caches;
using PRTS.Execution.Users;
using PRTS.Execution.Workspaces;
using PRTS.Fuzz.Tests.Loop;
using ZstdSharp;
using static PRTS.Fuzz.Tests.Targets.AllTargets;

namespace PRTS.Fuzz.Tests.Targets;

/// <summary>
/// Archives of caches: what a job of another branch or machine kept is put into a workspace. The first byte says what the rest is: an archive, or the tar
/// within, which is then given right checksums and compressed, so that not all of the search ends at these.
/// </summary>
internal sealed class ArchiveTarget : IFuzzTarget, IDisposable
{
    private const string Canary = "what lies here is nobody's business";
    private readonly string root = Directory.CreateTempSubdirectory("prts-fuzz-archive-").FullName;
    private readonly Workspace workspace;
    private readonly CacheArchive archive;

    public ArchiveTarget()
    {
        var options = new ExecutionOptions { AgentName = "fuzz", JobsDirectory = Path.Combine(root, "jobs"), WorkDirectory = Path.Combine(root, "work"), MirrorsDirectory = Path.Combine(root, "mirrors"), SupervisorPath = "none" };
        workspace = new(options, Job, JobUser.Own, TimeProvider.System);
        archive = new(workspace);
        Directory.CreateDirectory(workspace.Checkout);
        Directory.CreateDirectory(Path.Combine(root, "outside"));
        File.WriteAllText(Path.Combine(root, "outside", "canary"), Canary);
        File.WriteAllText(Path.Combine(workspace.Root, "canary"), Canary);
        Tokens = [.. AllTargets.Tokens("ustar\0" + "00", "ustar  \0", "../", "..", "/", "./", "\0", "a/b", "file", "link", Path.Combine(root, "outside"), "../../../outside/canary", "../canary", "0000644\0", "0000755\0", "0007777\0", "00000000000\0", "77777777777\0", "17777777777\0", "00000001000\0", "-1"),
            .. "0125gxLKDVS7\0"u8.ToArray().Select(type => new[] { type }), .. Records.Select(Record), new byte[512], new byte[1024], [0x80, 0, 0, 0, 0, 0, 0, 0, 1], [0x28, 0xB5, 0x2F, 0xFD], .. Notes.Select(note => Record((CacheArchive.RemovedName, note)))];
    }

    public string Name => "archive";

    public IReadOnlyList<byte[]> Tokens { get; }

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[][] tars = [Tar(TarEntryFormat.Pax, notes: true), Tar(TarEntryFormat.Pax, notes: false), Tar(TarEntryFormat.Gnu, notes: false), Tar(TarEntryFormat.Ustar, notes: false), Tar(TarEntryFormat.V7, notes: false)];
            return With(Name, tars.Select(tar => Mode(1, tar)).Concat(tars.Take(2).Select(tar => Mode(0, Compressed(tar)))));
        }
    }

    public void Run(byte[] input)
    {
        if (input.Length == 0) return;
        var bytes = input[0] % 2 == 0 ? input[1..] : Compressed(Checked(input[1..]));
        try
        {
            Refusable(() => archive.Unpack(new MemoryStream(bytes), CancellationToken.None));
            Refusable(() => CacheArchive.List(new MemoryStream(bytes), CancellationToken.None));
            CheckOutside();
        }
        finally
        {
            Clear();
        }
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static void Refusable<T>(Func<Task<T>> read)
    {
        try
        {
            read().GetAwaiter().GetResult();
        }
        catch (Exception e) when (CacheStore.IsSurvived(e))
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private void CheckOutside()
    {
        var found = Directory.EnumerateFileSystemEntries(root, "*", SearchOption.TopDirectoryOnly).Concat(Directory.EnumerateFileSystemEntries(workspace.Root)).Concat(Directory.EnumerateFileSystemEntries(Path.Combine(root, "outside"))).Order(StringComparer.Ordinal);
        Assert.Equal([Path.Combine(root, "outside"), Path.Combine(root, "outside", "canary"), Path.Combine(root, "work"), Path.Combine(workspace.Root, "canary"), workspace.Checkout], found);
        Assert.Equal(Canary, File.ReadAllText(Path.Combine(root, "outside", "canary")));
        Assert.Equal(Canary, File.ReadAllText(Path.Combine(workspace.Root, "canary")));
        Assert.Null(new DirectoryInfo(workspace.Checkout).LinkTarget);
    }

    private void Clear()
    {
        foreach (var entry in new DirectoryInfo(workspace.Checkout).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder) folder.Delete(recursive: true);
            else entry.Delete();
        }
    }

    private static byte[] Compressed(byte[] tar)
    {
        using var compressor = new Compressor(1);
        return compressor.Wrap(tar).ToArray();
    }

    /// <summary>Every header gets the checksum that it should have.</summary>
    private static byte[] Checked(byte[] tar)
    {
        for (long at = 0; at + 512 <= tar.Length;)
        {
            var header = tar.AsSpan((int)at, 512);
            if (!header.ContainsAnyExcept((byte)0)) break;
            header.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var one in header) sum += one;
            Encoding.ASCII.GetBytes($"{Convert.ToString(sum, 8).PadLeft(6, '0')}\0 ").CopyTo(header[148..]);
            var size = Encoding.ASCII.GetString(header.Slice(124, 12)).Trim('\0', ' ');
            var length = size.Length > 0 && size.All(digit => digit is >= '0' and <= '7') ? Convert.ToInt64(size, 8) : 0;
            at += 512 + ((length + 511) / 512 * 512);
        }

        return tar;
    }

    private static byte[] Tar(TarEntryFormat format, bool notes)
    {
        using var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, format, leaveOpen: true))
        {
            if (notes) writer.WriteEntry(new PaxGlobalExtendedAttributesTarEntry(new Dictionary<string, string>(StringComparer.Ordinal) { [CacheArchive.RemovedName] = CacheArchive.ToNote<string[]>(["c/old", "../x"]), ["other"] = "é" }));
            writer.WriteEntry(Entry(format, TarEntryType.Directory, "c/"));
            writer.WriteEntry(Entry(format, TarEntryType.SymbolicLink, "c/link", link: "../../canary"));
            var file = Entry(format, format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "c/" + new string('n', format is TarEntryFormat.Pax or TarEntryFormat.Gnu ? 120 : 20));
            file.DataStream = new MemoryStream("content"u8.ToArray());
            writer.WriteEntry(file);
        }

        return bytes.ToArray();
    }

    private static TarEntry Entry(TarEntryFormat format, TarEntryType type, string name, string? link = null)
    {
        TarEntry entry = format switch
        {
            TarEntryFormat.Pax => new PaxTarEntry(type, name),
            TarEntryFormat.Gnu => new GnuTarEntry(type, name),
            TarEntryFormat.Ustar => new UstarTarEntry(type, name),
            _ => new V7TarEntry(type, name),
        };
        entry.ModificationTime = DateTimeOffset.UnixEpoch;
        if (link is not null) entry.LinkName = link;
        return entry;
    }

    private static readonly string[] Notes = ["", "x", .. new[] { "null", "[null]", "[\"\"]", "[\"..\"]", "[\"/etc\"]", "[\"a/../b\"]", "{}", "[\"\\u0000\"]", "[\"c/link/x\"]" }.Select(json => Convert.ToBase64String(Encoding.UTF8.GetBytes(json)))];

    private static readonly (string Key, string Value)[] Records = [("path", "../x"), ("path", "/x"), ("path", ""), ("path", "a\0b"), ("path", "..\0"), ("linkpath", "/etc"), ("linkpath", ""), ("size", "0"), ("size", "99999999999999"), ("size", "-1"), ("mtime", "1e300"), ("mtime", "-99999999999999"), ("mtime", "NaN"), ("mtime", ""), ("uid", "99999999999"), ("GNU.sparse.major", "1")];

    /// <summary>A record of extended attributes says its own length first.</summary>
    private static byte[] Record((string Key, string Value) attribute)
    {
        var body = $" {attribute.Key}={attribute.Value}\n";
        var length = Encoding.UTF8.GetByteCount(body);
        var digits = (length + 1).ToString(CultureInfo.InvariantCulture).Length;
        return Encoding.UTF8.GetBytes((length + digits).ToString(CultureInfo.InvariantCulture) + body);
    }

    private static JobAssignment Job { get; } = new()
    {
        Attempt = "default/demo/hello/1/build/1",
        Token = "prtsj_secret",
        Org = "demo",
        Project = "hello",
        Number = 1,
        Actor = "ada",
        PipelineName = "Test",
        Event = new() { Kind = "push", Ref = "refs/heads/main", Commit = new string('a', 40) },
        Needs = new Dictionary<string, NeedResult>(StringComparer.Ordinal),
        ServerUrl = "http://localhost",
        CancelGrace = TimeSpan.FromSeconds(1),
        Job = new() { Key = "build", Name = "Build", Stage = "Main", Needs = [], Steps = [] },
    };
}
