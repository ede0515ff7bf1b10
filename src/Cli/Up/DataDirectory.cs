using System.Text.Json;
using System.Text.Json.Serialization;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>The marker in a data directory: it is ours, and who wrote it.</summary>
internal sealed record DataMarker
{
    public const int CurrentSchema = 1;
    public required int Schema { get; init; }

    /// <summary>Random: tells a directory from another one that was made later at the same place.</summary>
    public required string Id { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DataMarker))]
internal sealed partial class DataMarkerJson : JsonSerializerContext;

/// <summary>Makes sure that the data directory is ours and can be written, before anything is started in it.</summary>
internal static class DataDirectory
{
    private const string MarkerName = "prts-data.json";
    private const string ElsewhereRoot = "/var/lib/prts";

    /// <summary>Changes nothing. Throws when the directory belongs to something else or can't be used.</summary>
    public static void Check(Home home)
    {
        if (File.Exists(home.Path))
        {
            throw new UserError($"{home.Path} is a file. PRTS_HOME must name a directory.");
        }

        if (!Directory.Exists(home.Path))
        {
            return;
        }

        try
        {
            if (File.Exists(home.In(MarkerName)))
            {
                CheckSchema(home);
            }
            else if (Directory.EnumerateFileSystemEntries(home.Path).Any(e => Path.GetFileName(e) is not ("prts.json" or "lost+found")))
            {
                throw new UserError($"{home.Path} has files that are not PRTS's. Set PRTS_HOME to an empty or a new directory.");
            }
        }
        catch (UnauthorizedAccessException)
        {
            throw new UserError($"{home.Path} cannot be read by {Environment.UserName}. Set PRTS_HOME to a directory of your own, or run as its owner.");
        }
    }

    /// <summary>Creates what is missing and proves that it can be written.</summary>
    public static DataMarker Prepare(Home home)
    {
        try
        {
            var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            // When root, the cluster's and the jobs' users pass through the directory without listing it.
            var passable = Unix.IsRoot ? mode | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : mode;
            Directory.CreateDirectory(home.Path, passable);
            if (!File.Exists(home.In(MarkerName)))
            {
                File.SetUnixFileMode(home.Path, passable);
                var marker = new DataMarker { Schema = DataMarker.CurrentSchema, Id = Guid.NewGuid().ToString("N") };
                File.WriteAllText(home.In(MarkerName) + ".new", JsonSerializer.Serialize(marker, DataMarkerJson.Default.DataMarker) + "\n");
                File.Move(home.In(MarkerName) + ".new", home.In(MarkerName));
            }

            Directory.CreateDirectory(home.Logs, mode);
            Directory.CreateDirectory(home.In("run"), passable);
            var probe = home.In(".write-probe");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return CheckSchema(home);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            throw new UserError($"{home.Path} cannot be written ({error.Message.TrimEnd('.')}). Set PRTS_HOME to a directory that {Environment.UserName} can write.");
        }
    }

    /// <summary>
    /// The directory <paramref name="name"/> of the data directory that users other than root must reach. Where root alone may enter
    /// the path (a checkout under /root), it lies in /var/lib/prts and a link leads there.
    /// </summary>
    public static string Reachable(Home home, string name, DataMarker marker, Action<string> tell)
    {
        var inside = home.In(name);
        if (new DirectoryInfo(inside) is { Exists: true, LinkTarget: not null } link)
        {
            // What an earlier start has put elsewhere: nobody but root could follow the link itself.
            return link.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }

        if (!Unix.IsRoot || Directory.Exists(inside) || IsPassable(home.Path))
        {
            return inside;
        }

        var outside = Path.Combine(ElsewhereRoot, $"{Path.GetFileName(Path.GetDirectoryName(home.Path)) ?? "home"}-{marker.Id[..8]}", name);
        Directory.CreateDirectory(Path.GetDirectoryName(outside)!);
        // A dangling link from an earlier start is replaced.
        File.Delete(inside);
        File.CreateSymbolicLink(inside, outside);
        tell($"only root may enter {home.Path}: {name} is kept in {outside}");
        return outside;
    }

    /// <summary>True when every user may pass through the directory and all above it.</summary>
    public static bool IsPassable(string path)
    {
        for (var at = new DirectoryInfo(path); at is not null; at = at.Parent)
        {
            if (at.Exists && !at.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }

    private static DataMarker CheckSchema(Home home)
    {
        DataMarker? marker = null;
        try
        {
            marker = JsonSerializer.Deserialize(File.ReadAllText(home.In(MarkerName)), DataMarkerJson.Default.DataMarker);
        }
        catch (JsonException)
        {
            // Reported below, with what to do.
        }

        return marker switch
        {
            null => throw new UserError($"{home.In(MarkerName)} is damaged. Restore it from a backup, or set PRTS_HOME to another directory."),
            { Schema: > DataMarker.CurrentSchema } => throw new UserError($"{home.Path} was written by a newer PRTS (schema {marker.Schema}, this one knows {DataMarker.CurrentSchema}). Update PRTS."),
            _ => marker,
        };
    }
}
