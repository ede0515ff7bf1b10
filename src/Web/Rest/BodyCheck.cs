using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using PRTS.Api;

namespace PRTS.Web.Rest;

/// <summary>Before an endpoint looks at a body: its lists have no <c>null</c>, and its texts no NUL, which no database keeps.</summary>
internal static class BodyCheck
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Known = new();

    public static ValueTask<object?> Run(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        foreach (var argument in context.Arguments)
        {
            if (argument is not null && IsWire(argument.GetType()) && Problem(argument, "$") is { } problem) return ValueTask.FromResult<object?>(Problems.Invalid(problem));
        }

        return next(context);
    }

    private static bool IsWire(Type type) => type.Assembly == typeof(ApiJson).Assembly;

    private static string? Problem(object? value, string path) => value switch
    {
        null => null,
        string text => text.Contains('\0', StringComparison.Ordinal) ? $"The body is wrong at {path}: a text cannot have the character NUL (\\u0000)." : null,
        IEnumerable<KeyValuePair<string, string>> members => members.Select(member => Problem(member.Key, path) ?? Element(member.Value, $"{path}.{member.Key}")).FirstOrDefault(problem => problem is not null),
        IEnumerable list => list.Cast<object?>().Select((element, at) => Element(element, $"{path}[{at}]")).FirstOrDefault(problem => problem is not null),
        _ when IsWire(value.GetType()) => Properties(value.GetType()).Select(property => Problem(property.GetValue(value), $"{path}.{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}")).FirstOrDefault(problem => problem is not null),
        _ => null,
    };

    private static string? Element(object? element, string path) => element is null ? $"The body is wrong at {path}: null is no value here. Leave it out." : Problem(element, path);

    private static PropertyInfo[] Properties(Type type) =>
        Known.GetOrAdd(type, static known => [.. known.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0 && property is { CanRead: true, CanWrite: true })]);
}
