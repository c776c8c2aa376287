using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests that every search treats any text as plain text, and finds rows by the words that they contain.</summary>
public class SearchTests
{
    private static readonly string[] Odd = ["'", "\"", ":*", "&", "|", "!", "(", "%", "_", "\\", "a:* | b", "' OR 1=1; --", "<->", "[a-z]", "a", "李",
        "Müller, %", "...", ",,,"];

    public static TheoryData<string> Searches =>
        [.. from tool in ToolCatalogue.All.Values
            where new ParameterGenerator(tool).Parameters.Any(p => p.Name == "search") && tool.Name.StartsWith("list_", StringComparison.Ordinal)
            select tool.Name];

    [Theory, MemberData(nameof(Searches))]
    public async Task Any_text_is_searched_for_as_it_is(string name)
    {
        var (tool, fixture) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var (caller, parameters, all) = await fixture.CallSuccessfully(tool);

        foreach (var search in Odd) Assert.True((await Search(search)).Status == HttpStatusCode.OK, $"{search}: {await Search(search)}");
        Assert.Empty((await Search("zzqx % zzqx")).Body["results"]!.AsArray());

        // In shared data, other tests may have created names that cannot be split between characters, or that no search may contain.
        var row = all.Body["results"]!.AsArray()
            .First(r => r!["last_name"] is not null || (r["name"] is { } given && ((string)given!).All(c => c is >= ' ' and <= '~')))!;
        string[] words = row["name"] is { } whole ? ((string)whole!).Split(' ') : [(string)row["first_name"]!, (string)row["last_name"]!];
        foreach (var search in new[] { string.Join(' ', words), string.Join(", ",
            words.Reverse()), words[0].ToUpperInvariant(), words[0][..1], $" {words[^1][1..]} " })
            Assert.Contains((string)row["id"]!, (await Search(search)).Body["results"]!.AsArray().Select(r => (string)r!["id"]!));
        var many = await Search(string.Join(' ', Enumerable.Range(0, 40)));
        Assert.True(many.Details.ContainsKey("search"), many.ToString());

        Task<CallResponse> Search(string text)
        {
            var asked = (JsonObject)parameters.DeepClone();
            (asked["search"], asked["limit"]) = (text, 100);
            return caller.Post(tool, asked);
        }
    }
}
