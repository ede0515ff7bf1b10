using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;

namespace PRTS.Execution.Images;

/// <summary>
/// What a build has made in the engine so far, written down while it runs and deleted when it ends: then its layers are the next build's
/// cache and its tags what was wanted. A record that outlives its job tells what the job left behind when it died. Engines give labels
/// to a build's last image only, and to that for ever, so what lies in between could not be told otherwise.
/// </summary>
/// <remarks>A file beside the directory of jobs: the time of the beginning (Unix milliseconds), the tags in one line, an image's id in each other.</remarks>
internal sealed partial class BuildRecord(string path)
{
    private readonly StringBuilder line = new();
    private bool isOthers;

    public static string DirectoryOf(string jobs) => jobs + ".images";

    public static string PathOf(ExecutionOptions options, string attempt, int step) =>
        Path.Combine(DirectoryOf(options.JobsDirectory), string.Create(CultureInfo.InvariantCulture, $"{JobDirectory.NameOf(attempt)}.{step}"));

    public void Begin(DateTimeOffset now, IEnumerable<string> tags)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $"{now.ToUnixTimeMilliseconds()}\n{string.Join(' ', tags)}\n"));
    }

    public void Complete() => File.Delete(path);

    /// <summary>The engine's words, in pieces. It names each layer that it has made, and those that it took from elsewhere.</summary>
    public void Hear(string text)
    {
        foreach (var c in text)
        {
            if (c != '\n')
            {
                line.Append(c);
                continue;
            }
            HearLine(line.ToString().Trim());
            line.Clear();
        }
    }

    private void HearLine(string said)
    {
        if (Step().Match(said) is { Success: true } step)
            isOthers = step.Groups["verb"].Value.Equals("FROM", StringComparison.OrdinalIgnoreCase);
        else if (said.Contains("> Using cache", StringComparison.Ordinal))
            isOthers = true;
        else if (!isOthers && Layer().Match(said) is { Success: true } layer)
            File.AppendAllText(path, layer.Groups["id"].Value + "\n");
    }

    /// <summary>Removes what builds of these jobs left. Safe to repeat.</summary>
    /// <param name="directory">Of the jobs.</param>
    /// <param name="isMeant">Told by the names of their directories.</param>
    public static async Task RemoveLeftovers(ContainerEngine engine, string directory, Func<string, bool> isMeant, CancellationToken ct)
    {
        foreach (var path in Directory.Exists(DirectoryOf(directory)) ? Directory.EnumerateFiles(DirectoryOf(directory)).ToList() : [])
        {
            if (!isMeant(Path.GetFileNameWithoutExtension(path)))
                continue;
            if (await File.ReadAllLinesAsync(path, ct) is [var began, var tags, .. var layers] && long.TryParse(began, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
                await Remove(engine, DateTimeOffset.FromUnixTimeMilliseconds(at), tags.Split(' ', StringSplitOptions.RemoveEmptyEntries), layers, ct);
            File.Delete(path);
        }
    }

    /// <summary>Only what has no other name and nobody uses; an image from before the build is not its own, whatever its output said.</summary>
    private static async Task Remove(ContainerEngine engine, DateTimeOffset began, string[] tags, string[] layers, CancellationToken ct)
    {
        foreach (var tag in tags)
        {
            if (await Find(engine, tag, ct) is { } image && layers.Any(layer => image.Id.StartsWith(layer, StringComparison.Ordinal)) && image.Created >= began)
                await Delete(engine, tag, ct);
        }
        foreach (var layer in layers.Reverse())
        {
            if (await Find(engine, layer, ct) is { HasName: false } image && image.Id.StartsWith(layer, StringComparison.Ordinal) && image.Created >= began)
                await Delete(engine, layer, ct);
        }
    }

    private static async Task<(string Id, DateTimeOffset Created, bool HasName)?> Find(ContainerEngine engine, string name, CancellationToken ct)
    {
        try
        {
            var image = await engine.Ask($"the image {name} could not be looked up", client => client.Images.InspectImageAsync(name, ct));
            return (image.ID!.Replace("sha256:", "", StringComparison.Ordinal), image.Created is { } created ? new(created.ToUniversalTime()) : default,
                image.RepoTags?.Any(tag => !tag.Contains("<none>", StringComparison.Ordinal)) == true);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    private static async Task Delete(ContainerEngine engine, string name, CancellationToken ct)
    {
        try
        {
            await engine.Ask($"the image {name} could not be removed", client => client.Images.DeleteImageAsync(name, new() { NoPrune = true }, ct));
        }
        catch (EngineException e) when (!e.IsGone)
        {
            // Another image is made of it, or a container: then it is no leftover.
        }
    }

    [GeneratedRegex(@"^STEP \d+(?:/\d+)? ?: (?<verb>\w+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Step();

    [GeneratedRegex("^-{2,3}> (?<id>[0-9a-f]{10,64})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Layer();
}
