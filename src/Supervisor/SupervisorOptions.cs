using System.Globalization;

namespace PRTS.Supervisor;

/// <summary>The command line: <c>--spool-limit=BYTES</c>, <c>--segment-size=BYTES</c>. The job's directory is the working directory.</summary>
internal sealed record SupervisorOptions
{
    public long SpoolLimit { get; private init; } = 4L << 30;

    public long SegmentSize { get; private init; } = 8 << 20;

    /// <summary>Null when an argument is not understood.</summary>
    public static SupervisorOptions? Parse(IEnumerable<string> args)
    {
        var options = new SupervisorOptions();
        foreach (var arg in args)
        {
            if (arg.Split('=') is not [var name, var text] || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value < 1)
                return null;
            switch (name)
            {
                case "--spool-limit": options = options with { SpoolLimit = value }; break;
                case "--segment-size": options = options with { SegmentSize = value }; break;
                default: return null;
            }
        }
        return options;
    }
}
