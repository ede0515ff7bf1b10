using System.Globalization;

namespace PRTS.Cli.Terminal;

/// <summary>Rows in columns, as plain text that also reads well in a pipe.</summary>
internal sealed class Table(params string[] headings)
{
    private readonly List<string[]> rows = [headings];

    public void Add(params string[] cells) => rows.Add(cells);

    public void Print(TextWriter output)
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => rows.Max(row => new StringInfo(row[column]).LengthInTextElements)).ToArray();
        foreach (var row in rows)
        {
            var cells = row.Select((cell, column) => column == row.Length - 1 ? cell : cell + new string(' ', widths[column] - new StringInfo(cell).LengthInTextElements));
            output.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
