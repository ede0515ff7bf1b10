using System.Text;

namespace PRTS.Pipelines.Expressions;

internal enum TokenKind
{
    End,
    Number,
    Text,
    Name,
    Symbol,
}

/// <param name="Start">Index of the token's first character in the expression, from 0.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Start);

/// <summary>An expression is malformed. Position: index in the expression, from 0. The message says what would be right.</summary>
public sealed class ExpressionException(string message, int position = 0) : Exception(message)
{
    public int Position { get; } = position;
}

internal static class Lexer
{
    private static readonly string[] Symbols = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ",", "*"];

    public static List<Token> Read(string source)
    {
        var tokens = new List<Token>();
        for (var at = 0; at < source.Length;)
        {
            if (char.IsWhiteSpace(source[at]))
            {
                at++;
                continue;
            }

            var token = Next(source, at, tokens.Count > 0 ? tokens[^1] : default, out var end);
            tokens.Add(token);
            at = end;
        }

        tokens.Add(new Token(TokenKind.End, "", source.Length));
        return tokens;
    }

    private static Token Next(string source, int start, Token before, out int end)
    {
        var first = source[start];
        if (first == '\'')
            return Quoted(source, start, out end);
        if (first == '"')
            throw new ExpressionException("Texts stand in single quotes: 'like this'.", start);
        // After a name, bracket or parenthesis a dot means a property; elsewhere it may begin a number.
        var isProperty = first == '.' && (before.Kind is TokenKind.Name || before.Text is ")" or "]" or "*");
        if (char.IsAsciiDigit(first) || (!isProperty && first is '+' or '-' or '.' && start + 1 < source.Length && !isProperty && (char.IsAsciiDigit(source[start + 1]) || source[start + 1] is '.' or 'I')))
            return Number(source, start, out end);
        if (char.IsAsciiLetter(first) || first == '_')
        {
            end = start + 1;
            while (end < source.Length && (char.IsAsciiLetterOrDigit(source[end]) || source[end] is '_' or '-'))
                end++;
            return new Token(TokenKind.Name, source[start..end], start);
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, start, symbol, 0, symbol.Length) == 0)
            {
                end = start + symbol.Length;
                return new Token(TokenKind.Symbol, symbol, start);
            }
        }

        throw new ExpressionException($"'{first}' has no meaning here; operators are ( ) [ ] . ! < <= > >= == != && ||.", start);
    }

    private static Token Quoted(string source, int start, out int end)
    {
        var text = new StringBuilder();
        for (end = start + 1; end < source.Length; end++)
        {
            if (source[end] != '\'')
            {
                text.Append(source[end]);
            }
            else if (end + 1 < source.Length && source[end + 1] == '\'')
            {
                text.Append('\'');
                end++;
            }
            else
            {
                end++;
                return new Token(TokenKind.Text, text.ToString(), start);
            }
        }

        throw new ExpressionException("This text has no closing quote; a quote inside a text is written twice ('').", start);
    }

    private static Token Number(string source, int start, out int end)
    {
        end = start + 1;
        while (end < source.Length && (char.IsAsciiLetterOrDigit(source[end]) || source[end] == '.' || (source[end] is '+' or '-' && source[end - 1] is 'e' or 'E')))
            end++;
        var text = source[start..end];
        if (double.IsNaN(Numbers.Parse(text)))
            throw new ExpressionException($"'{text}' is not a number; numbers look like 711, -9.2, 0xff, 0o17 or 2.99e-2.", start);
        return new Token(TokenKind.Number, text, start);
    }
}
