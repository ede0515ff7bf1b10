using System.Diagnostics;
using System.Text;
using PRTS.Supervisor.Masking;

namespace PRTS.Supervisor.Tests.Masking;

public sealed class FormTests
{
    [Theory]
    // As it is.
    [InlineData("hunter22", "a hunter22 b", "a *** b")]
    [InlineData("hunter22", "hunter22hunter22", "***")]
    [InlineData("hunter22", "Hunter22 hunter2", "Hunter22 hunter2")]
    [InlineData("пароль-密码", "-пароль-密码-", "-***-")]
    // Base64, alone and with one or two bytes before it; all characters that tell of the secret go.
    [InlineData("hunter22", "aHVudGVyMjI=", "***=")]
    [InlineData("hunter22", "eDpodW50ZXIyMjp5", "eD***p5")]
    [InlineData("hunter22", "Omh1bnRlcjIyOg==", "O***Og==")]
    [InlineData("~~~???~~~", "fn5+Pz8/fn5+", "***")]
    [InlineData("~~~???~~~", "fn5-Pz8_fn5-", "***")]
    [InlineData("~~~???~~~", "fn5%2BPz8%2ffn5%2B", "***")]
    [InlineData("~~~???~~~", "fn5\\u002BPz8\\/fn5\\u002b", "***")]
    [InlineData("hunter22", "aH\nVudGVy\r\nMjI=", "***=")]
    // URLs and forms.
    [InlineData("p@ss word/ä~", "?p%40ss%20word%2F%C3%A4~&", "?***&")]
    [InlineData("p@ss word/ä~", "?p%40ss+word%2f%c3%a4%7E&", "?***&")]
    [InlineData("p@ss word/ä~", "?p@ss%20word/ä~&", "?***&")]
    [InlineData("100%+1", "100%25%2B1 100%25+1", "*** ***")]
    // JSON.
    [InlineData("a\"b\\c/d\te", "\"a\\\"b\\\\c/d\\te\"", "\"***\"")]
    [InlineData("a\"b\\c/d\te", "\"a\\u0022b\\u005Cc\\/d\\u0009e\"", "\"***\"")]
    [InlineData("schön €😀", "\"sch\\u00f6n \\u20AC\\uD83D\\ude00\"", "\"***\"")]
    [InlineData("schön €😀", "\"sch\\xc3\\xb6n \\u{20ac}\\U0001F600\"", "\"***\"")]
    // XML and HTML.
    [InlineData("a<b>&\"c'", "x=\"a&lt;b&gt;&amp;&quot;c&apos;\"", "x=\"***\"")]
    [InlineData("a<b>&\"c'", "x=\"a&#60;b&#x3E;&#38;&#034;c&#39;\"", "x=\"***\"")]
    [InlineData("a<b>&\"c'", "x='a<b>&amp;\"c&#x27;'", "x='***'")]
    // Shells.
    [InlineData("it's $5 \"now\"", "'it'\\''s $5 \"now\"'", "'***'")]
    [InlineData("it's $5 \"now\"", "'it'\"'\"'s $5 \"now\"'", "'***'")]
    [InlineData("it's $5 \"now\"", "\"it's \\$5 \\\"now\\\"\"", "\"***\"")]
    [InlineData("it's $5 \"now\"", "it\\'s\\ \\$5\\ \\\"now\\\"", "***")]
    [InlineData("tab\tä\n'x'", "$'tab\\t\\303\\244\\n\\'x\\''", "$'***'")]
    // Hexadecimal.
    [InlineData("hunter22", "68756e7465723232 68756E7465723232", "*** ***")]
    // Lines: each alone where it is long enough, all together in any form and with any line ends.
    [InlineData("first line\nab\nthird line", "third line, ab, first line", "***, ab, ***")]
    [InlineData("first line\nab\nthird line", "first line\r\nab\r\nthird line", "***")]
    [InlineData("first line\r\nab\r\nthird line\r\n", "first line\nab\nthird line\n", "***\n")]
    [InlineData("first line\nab\nthird line", "\"first line\\nab\\nthird line\"", "\"***\"")]
    [InlineData("first line\nab\nthird line", "\"first line\\r\\nab\\r\\nthird line\"", "\"***\"")]
    [InlineData("first line\nab\nthird line", "first%20line%0D%0Aab%0D%0Athird%20line", "***")]
    [InlineData("{\n  \"key\": \"value\"\n}", "    \"key\": \"value\"", "    ***")]
    [InlineData("a\nb\nc\nd", "a\nb\nc\nd", "***")]
    public void Apply_Form_IsMasked(string secret, string text, string expected) => Assert.Equal(expected, Masks.Of([secret]).Apply(text));

    [Theory]
    // What looks like the beginning of an escape and cannot become one hides nothing after the secret.
    [InlineData("secret\\UtP", "secret\\UtP> ;\n", "***> ;\n")]
    [InlineData("secret\\Ut", "secret\\Ut", "***")]
    [InlineData("secret\\u", "secret\\u: x", "***: x")]
    [InlineData("secret\\x", "secret\\x;", "***;")]
    [InlineData("secret\\u{", "secret\\u{ }", "*** }")]
    [InlineData("secret\\u{", "secret\\u{.", "***.")]
    [InlineData("secret\\3", "secret\\39", "***9")]
    [InlineData("secret%", "secret%;", "***;")]
    [InlineData("secret&", "secret& x", "*** x")]
    [InlineData("secret&#", "secret&#.", "***.")]
    [InlineData("secret\ud83d\ude00x", "secret\\ud83d.", "secret\\ud83d.")]
    [InlineData("secret\ud83d\ude00x", "secret\\ud83d\\n", "secret\\ud83d\\n")]
    // A number that the output ends in may have become the secret.
    [InlineData("secret\ud83d\ude00x", "secret\\ud83d\\ude0", "***")]
    [InlineData("secret\ud83d\ude00x", "secret\\U0001F", "***")]
    [InlineData("secret\u00e9", "secret%C", "***")]
    [InlineData("secret\u00e9", "secret&#xe", "***")]
    public void End_BehindWhatMayBeAnEscape_HidesOnlyWhatMayBeTheSecret(string secret, string text, string expected) =>
        Assert.Equal(expected, new MaskedStream(Masks.Of([secret])).Append(text).End().Text);

    [Theory]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("a\nb\nc")]
    [InlineData("\r\n\r\n")]
    public void Apply_ShortSecret_IsNotMasked(string secret)
    {
        Assert.True(Masks.Of([secret]).IsEmpty);
        Assert.Equal("abc a\nb\nc", Masks.Of([secret]).Apply("abc a\nb\nc"));
    }

    [Fact]
    public void Apply_BeginningOfASecret_IsNotMasked() => Assert.Equal("the main", Masks.Of(["main-password"]).Apply("the main"));

    [Fact]
    public void Of_MoreThanCanBeMasked_SaysWhichLimit()
    {
        Assert.Contains("at most 1000", Assert.Throws<MaskLimitException>(() => Masks.Of(Enumerable.Range(0, 1001).Select(i => $"secret {i}"))).Message, StringComparison.Ordinal);
        Assert.Contains("at most 65536", Assert.Throws<MaskLimitException>(() => Masks.Of([new string('x', 65_537)])).Message, StringComparison.Ordinal);
        Assert.Contains("at most 1048576", Assert.Throws<MaskLimitException>(() => Masks.Of(Enumerable.Range(0, 17).Select(i => $"{i}".PadRight(65_536)))).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", Masks.Of(Enumerable.Range(0, 1000).Select(i => $"secret {i}")).Apply("secret 999"), StringComparison.Ordinal);
    }

    /// <summary>What bash itself makes of secrets, in both character sets.</summary>
    [Theory]
    [InlineData("C")]
    [InlineData("C.UTF-8")]
    public async Task Apply_WrittenByBash_IsMasked(string locale)
    {
        var random = new RandomSecrets(11);
        var secrets = Enumerable.Range(0, 400).Select(_ => random.Next()).Where(secret => Encoding.UTF8.GetByteCount(secret) <= 128).ToList();
        var written = await Bash(locale, "for s; do printf '%q\\0%s\\0%s\\0' \"$s\" \"${s@Q}\" \"$(printf %s \"$s\" | base64 -w 20)\"; done", secrets);

        Assert.Equal(secrets.Count * 3, written.Length);
        for (var i = 0; i < written.Length; i++)
            Assert.Matches(@"\A(\$'\*\*\*'|'?\*\*\*'?|\\?\*\*\*=*)\z", Masks.Of([secrets[i / 3]]).Apply(written[i]));
    }

    private static async Task<string[]> Bash(string locale, string script, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", script, "bash", .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["LC_ALL"] = locale;
        using var bash = Process.Start(start)!;
        using var reader = new StreamReader(bash.StandardOutput.BaseStream, Encoding.UTF8);
        var output = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Split('\0')[..^1];
    }
}
