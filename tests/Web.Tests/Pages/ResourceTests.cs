using System.Text.RegularExpressions;
using System.Xml.Linq;
using PRTS.Api;
using PRTS.Api.Agents;
using PRTS.Contracts.Access;
using Xunit;

namespace PRTS.Web.Tests.Pages;

/// <summary>Every text is in both languages, every key that the code uses is there, and no page has a text of its own.</summary>
public sealed partial class ResourceTests
{
    /// <summary>Names and signs that are the same in every language.</summary>
    private static readonly string[] SameEverywhere = ["PRTS", "SHA", "admin.json", ".prts/pipeline.yaml"];

    private static readonly string Web = Path.Combine(Root(), "src", "Web");

    private static readonly Dictionary<string, string> English = Read("UiText.resx");
    private static readonly Dictionary<string, string> Chinese = Read("UiText.zh-Hans.resx");

    [Fact]
    public void Languages_Keys_AreTheSame()
    {
        Assert.Equal(English.Keys.Order(StringComparer.Ordinal), Chinese.Keys.Order(StringComparer.Ordinal));
        Assert.All(English.Concat(Chinese), text => Assert.False(string.IsNullOrWhiteSpace(text.Value), text.Key));
    }

    [Fact]
    public void Languages_Placeholders_AreTheSame() =>
        Assert.All(English, text => Assert.Equal(Placeholders(text.Value), Placeholders(Chinese[text.Key])));

    [Fact]
    public void Chinese_Texts_AreChinese() =>
        Assert.Empty(Chinese.Where(text => text.Value == English[text.Key] && text.Value.Any(char.IsAsciiLetter) && text.Key is not ("Diagnostics.Schema" or "Admin.Api")).Select(text => text.Key));

    [Fact]
    public void Keys_UsedByPages_Exist()
    {
        var used = Sources().SelectMany(file => Key().Matches(file.Text).Select(match => (file.Name, Key: match.Groups["key"].Value)));
        Assert.Empty(used.Where(use => !English.ContainsKey(use.Key)).Select(use => $"{use.Name}: {use.Key}"));
    }

    [Fact]
    public void Keys_MadeFromValues_Exist()
    {
        string[] made =
        [
            .. Enum.GetNames<RunStatus>().SelectMany(name => new[] { $"Status.{name}", $"Reason.{name}" }),
            .. Enum.GetNames<AgentStatus>().Select(name => $"Agent.{name}"),
            .. Enum.GetNames<Role>().Select(name => $"Role.{name.ToLowerInvariant()}"),
            .. AccessRules.All.SelectMany(permission => new[] { $"Permission.{permission}", $"Noun.{permission.Split(':')[0]}" }),
            .. Enum.GetNames<PRTS.Api.Access.SignInKind>().Select(name => $"SignIn.{name}"),
            .. Enum.GetNames<AccessObstacle>().Where(name => name != nameof(AccessObstacle.None)).Select(name => $"Obstacle.{name}"),
            .. new[] { "push", "tag", "schedule", "manual", "pull_request" }.Select(name => $"Event.{name}"),
        ];
        Assert.All(made, key => Assert.Contains(key, English.Keys));
    }

    [Fact]
    public void Pages_Markup_HasNoTextOfItsOwn()
    {
        var found =
            from page in Sources().Where(file => file.Name.EndsWith(".razor", StringComparison.Ordinal))
            from text in Texts(page.Text)
            where Word().IsMatch(SameEverywhere.Aggregate(text, (left, same) => left.Replace(same, "", StringComparison.Ordinal)))
            select $"{page.Name}: {text.Trim()}";
        Assert.Empty(found);
    }

    /// <summary>What a reader would see or hear: between tags, and in attributes that hold words; without code, comments and expressions.</summary>
    private static IEnumerable<string> Texts(string page)
    {
        page = Comment().Replace(page, "");
        page = CodeBlock().Replace(page, "");
        page = Expression().Replace(page, "");
        foreach (Match attribute in WordAttribute().Matches(page)) yield return attribute.Groups["text"].Value;
        page = SvgOrTag().Replace(page, "\n");
        foreach (var line in page.Split('\n'))
        {
            var text = line.Trim();
            if (text.Length > 0 && !Statement().IsMatch(text)) yield return text;
        }
    }

    private static string[] Placeholders(string text) => [.. Placeholder().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal)];

    private static IEnumerable<(string Name, string Text)> Sources() =>
        Directory.EnumerateFiles(Web, "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".razor", StringComparison.Ordinal) || path.EndsWith(".cs", StringComparison.Ordinal))
            .Select(path => (Path.GetRelativePath(Web, path), File.ReadAllText(path)))
            .Where(file => !file.Item1.StartsWith("obj", StringComparison.Ordinal) && !file.Item1.StartsWith("bin", StringComparison.Ordinal));

    private static Dictionary<string, string> Read(string file) =>
        XDocument.Load(Path.Combine(Web, "Resources", file)).Root!.Elements("data")
            .ToDictionary(data => data.Attribute("name")!.Value, data => data.Element("value")!.Value, StringComparer.Ordinal);

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "PRTS.sln"))) directory = directory.Parent;
        return directory.FullName;
    }

    private const int Patience = 5000;

    [GeneratedRegex("""(?:\bT|Localizer)\[(?:[^\]"$]*\? )?"(?<key>[^"]+)"(?:(?= :)|(?=[\],]))""", RegexOptions.None, Patience)]
    private static partial Regex Key();

    [GeneratedRegex(@"\{\d\}", RegexOptions.None, Patience)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"@\*.*?\*@|<!--.*?-->", RegexOptions.Singleline, Patience)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^@code\s*\{.*", RegexOptions.Singleline | RegexOptions.Multiline, Patience)]
    private static partial Regex CodeBlock();

    /// <summary><c>@(…)</c> with two levels of brackets, <c>@a.B["c"]</c>, and directives to the end of their line.</summary>
    [GeneratedRegex("""@\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|^@(?:page|using|inherits|inject|attribute|layout|namespace)\b.*$|@(?!if\b|foreach\b|for\b|switch\b|else\b)[\w.]+(?:\[(?:[^\[\]"]|"[^"]*")*\]|\((?:[^()]|\([^()]*\))*\)|!|\??\.\w+)*""", RegexOptions.Multiline, Patience)]
    private static partial Regex Expression();

    [GeneratedRegex("""\b(?:title|aria-label|placeholder|Placeholder|Label|HelperText|Title|Text|alt)="(?<text>[^"]*)["]""", RegexOptions.None, Patience)]
    private static partial Regex WordAttribute();

    [GeneratedRegex("""<(?:[^<>"]|"[^"]*")*>""", RegexOptions.None, Patience)]
    private static partial Regex SvgOrTag();

    /// <summary>A line of C# between the markup.</summary>
    [GeneratedRegex(@"^(?:[{}]+.*|@(?:if|foreach|for|switch)\b.*|else\b.*|case .*|default:|break;|var .*;)$", RegexOptions.None, Patience)]
    private static partial Regex Statement();

    [GeneratedRegex("[A-Za-z]{2,}|[\u4e00-\u9fff]", RegexOptions.None, Patience)]
    private static partial Regex Word();
}
