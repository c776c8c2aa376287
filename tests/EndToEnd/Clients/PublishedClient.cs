using System.Text.Json;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>
/// Runs client code as it is published: the files beside this one are copied from the guides for users. Only placeholders for the reader's own values are
/// replaced: IDs, the server's address, and dates, which have passed since. JavaScript and TypeScript run in the Node.js that Playwright includes, because an
/// installed Node.js older than version 22 lacks WebSocket and support for types.
/// </summary>
internal static class PublishedClient
{
    private static readonly string Folder = Path.Combine(MedCorFixture.RepositoryRoot(), "tests/EndToEnd/Clients");

    /// <summary>The addresses of the gateway in the two guides.</summary>
    private static readonly string[] Addresses = ["//localhost:8002", "//localhost:8000"];

    private static string Node => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, ".playwright/node"), "node", SearchOption.AllDirectories).Single();

    /// <summary>Runs a client and returns its result.</summary>
    /// <param name="file">The source file, in JavaScript, TypeScript or Python.</param>
    /// <param name="then">The code that uses the client: JavaScript that returns a result, or Python that assigns to <c>result</c>.</param>
    /// <param name="given">Names that the source expects to be defined, such as <c>authToken</c>.</param>
    /// <param name="placeholders">Texts of the source and their replacements.</param>
    public static async Task<JsonNode> Run(string file, string then, object? given = null, params (string Printed, string Meant)[] placeholders)
    {
        var address = (await MedCorFixture.Get()).Gateways[0];
        var gateway = address.ToString().TrimEnd('/');
        var source = await File.ReadAllTextAsync(Path.Combine(Folder, file));
        foreach (var (printed, meant) in placeholders.Concat(Addresses.Select(printed => (printed, $"//{address.Authority}"))))
            source = source.Replace(printed, meant, StringComparison.Ordinal);

        var (program, harness) = file.EndsWith(".py", StringComparison.Ordinal) ? ("python3", "script.py") : (Node, "page.mjs");
        var answer = await ChildProcess.RunSuccessfully(
            new(program, [Path.Combine(Folder, harness)]) { Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1" } },
            JsonSerializer.Serialize(new { gateway, given = given ?? new { }, file, source, then }), TimeSpan.FromSeconds(60));
        return JsonNode.Parse(answer) ?? new JsonObject();
    }
}

/// <summary>Marks a test that runs a client in its own language, where the machine supports it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    /// <param name="program">The language's program, such as <c>python3</c>.</param>
    public ProgramFactAttribute(string program)
    {
        var paths = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!paths.Any(path => File.Exists(Path.Combine(path, program))))
            Skip = $"{program} is not installed on this machine, so clients written for it cannot be run.";
    }
}
