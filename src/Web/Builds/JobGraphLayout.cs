using System.Globalization;
using PRTS.Api.Builds;

namespace PRTS.Web.Builds;

/// <summary>A job's place in the graph, in pixels.</summary>
public sealed record JobNode(JobSummary Job, int X, int Y);

/// <summary>A stage's frame.</summary>
public sealed record StageBox(StageSummary Stage, int X, int Y, int Width, int Height);

/// <summary>
/// Where a build's stages and jobs are drawn: stages from left to right by what they need, each with its jobs in rows (in several
/// columns when there are many), and an edge for each need. Pure; positions depend on names and needs only, so nothing jumps while a build runs.
/// </summary>
public sealed record JobGraphLayout
{
    public const int NodeWidth = 208;
    public const int NodeHeight = 36;
    private const int Gap = 10;
    private const int StageGap = 56;
    private const int Padding = 12;
    private const int TitleHeight = 34;
    private const int RowsPerColumn = 15;

    public required IReadOnlyList<StageBox> Stages { get; init; }

    public required IReadOnlyList<JobNode> Jobs { get; init; }

    /// <summary>SVG paths.</summary>
    public required IReadOnlyList<string> Edges { get; init; }

    public required int Width { get; init; }

    public required int Height { get; init; }

    public static JobGraphLayout Of(IReadOnlyList<StageSummary> stages)
    {
        var boxes = new List<StageBox>();
        var nodes = new List<JobNode>();
        var x = 0;
        foreach (var column in Columns(stages))
        {
            var y = 0;
            foreach (var stage in column)
            {
                var box = Box(stage, x, y);
                boxes.Add(box);
                nodes.AddRange(stage.Jobs.Select((job, index) => new JobNode(
                    job,
                    x + Padding + (index / RowsPerColumn * (NodeWidth + Gap)),
                    y + TitleHeight + (index % RowsPerColumn * (NodeHeight + Gap)))));
                y = box.Y + box.Height + Gap;
            }

            x = boxes.Where(box => box.X == x).Max(box => box.X + box.Width) + StageGap;
        }

        return new()
        {
            Stages = boxes,
            Jobs = nodes,
            Edges = [.. Connect(boxes, nodes)],
            Width = Math.Max(0, x - StageGap),
            Height = boxes.Count == 0 ? 0 : boxes.Max(box => box.Y + box.Height),
        };
    }

    /// <summary>A stage stands one column right of the last that it needs. Stages come in the order of the file, needs first.</summary>
    private static IEnumerable<IGrouping<int, StageSummary>> Columns(IReadOnlyList<StageSummary> stages)
    {
        var depths = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = stages.ToList();
        while (open.Count > 0)
        {
            var names = open.Select(stage => stage.Name).ToHashSet(StringComparer.Ordinal);
            var ready = open.Where(stage => !stage.Needs.Any(names.Contains)).ToList();
            if (ready.Count == 0) ready = open; // A circle cannot come from the planner; drawn flat, the page at least shows it.
            foreach (var stage in ready) depths[stage.Name] = stage.Needs.Max(need => (int?)depths.GetValueOrDefault(need, -1)) + 1 ?? 0;
            open = open.Except(ready).ToList();
        }

        return stages.GroupBy(stage => depths[stage.Name]).OrderBy(group => group.Key);
    }

    private static StageBox Box(StageSummary stage, int x, int y)
    {
        var columns = Math.Max(1, (stage.Jobs.Count + RowsPerColumn - 1) / RowsPerColumn);
        var rows = Math.Clamp(stage.Jobs.Count, 1, RowsPerColumn);
        return new(
            stage, x, y, (2 * Padding) + (columns * (NodeWidth + Gap)) - Gap, TitleHeight + (rows * (NodeHeight + Gap)) - Gap + Padding);
    }

    private static IEnumerable<string> Connect(List<StageBox> boxes, List<JobNode> nodes)
    {
        var places = nodes.ToDictionary(node => node.Job.Key, StringComparer.Ordinal);
        var byName = boxes.ToDictionary(box => box.Stage.Name, StringComparer.Ordinal);
        foreach (var box in boxes)
        {
            foreach (var need in box.Stage.Needs.Where(byName.ContainsKey)) yield return Curve(Right(byName[need]), Left(box));
        }

        foreach (var node in nodes)
        {
            var stageNeeds = byName[node.Job.Stage].Stage.Needs;
            foreach (var need in node.Job.Needs.Where(places.ContainsKey).Select(key => places[key]))
            {
                // What a whole stage needs has its one edge already.
                if (need.Job.Stage == node.Job.Stage)
                {
                    if (IsNearest(need, node, places)) yield return Within(need, node);
                }
                else if (!stageNeeds.Contains(need.Job.Stage))
                {
                    yield return Curve((need.X + NodeWidth, need.Y + (NodeHeight / 2)), (node.X, node.Y + (NodeHeight / 2)));
                }
            }
        }
    }

    /// <summary>Whether no other need of the node in its stage needs this one: of a chain only its links are drawn.</summary>
    private static bool IsNearest(JobNode need, JobNode node, Dictionary<string, JobNode> places) =>
        !node.Job.Needs.Any(other => places.TryGetValue(other, out var place) && place.Job.Stage == node.Job.Stage && place.Job.Needs.Contains(need.Job.Key));

    private static string Within(JobNode from, JobNode to)
    {
        if (from.X == to.X && to.Y - from.Y == NodeHeight + Gap)
            return Path($"M{from.X + (NodeWidth / 2)} {from.Y + NodeHeight}V{to.Y}");
        var (startX, startY, endX, endY) = (from.X + NodeWidth, from.Y + (NodeHeight / 2), to.X, to.Y + (NodeHeight / 2));
        return from.X == to.X
            ? Path($"M{from.X} {startY}C{from.X - Padding} {startY} {to.X - Padding} {endY} {to.X} {endY}")
            : Curve((startX, startY), (endX, endY));
    }

    private static (int X, int Y) Right(StageBox box) => (box.X + box.Width, box.Y + (TitleHeight / 2));

    private static (int X, int Y) Left(StageBox box) => (box.X, box.Y + (TitleHeight / 2));

    private static string Curve((int X, int Y) from, (int X, int Y) to)
    {
        var middle = (from.X + to.X) / 2;
        return Path($"M{from.X} {from.Y}C{middle} {from.Y} {middle} {to.Y} {to.X} {to.Y}");
    }

    private static string Path(FormattableString path) => path.ToString(CultureInfo.InvariantCulture);
}
