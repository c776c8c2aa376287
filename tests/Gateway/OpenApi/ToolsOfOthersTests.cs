using MedCor.Gateway.OpenApi;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Gateway.OpenApi;

/// <summary>What others' tools make of the document.</summary>
public sealed class ToolsOfOthersTests
{
    [FactInTypeScript]
    public void A_client_that_openapi_typescript_generates_with_its_defaults_compiles_as_it_is_meant()
    {
        Assert.True(FactInTypeScriptAttribute.IsThere, FactInTypeScriptAttribute.Missing);
        var npm = Npm.Client;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), Document.Write(Mapped.Routes));

        var generated = npm.Run("node", "node_modules/openapi-typescript/bin/cli.js", "api.json", "-o", "api.d.ts");
        var compiled = npm.Run("node", "node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "client.ts");

        Assert.True(generated.ExitCode == 0, generated.Said);
        Assert.True(compiled.ExitCode == 0, compiled.Said);
    }

    [FactWithSpectral]
    public void It_keeps_the_rules_of_Spectral_and_of_its_OWASP_ruleset()
    {
        var npm = Npm.Spectral;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), Document.Write(Mapped.Routes));
        File.Copy(Path.Combine(RunningHouse.RepositoryRoot(), "docs/openapi/.spectral.yaml"), Path.Combine(npm.Directory, ".spectral.yaml"), overwrite: true);

        var linted = npm.Run("node", "node_modules/@stoplight/spectral-cli/dist/index.js", "lint", "--fail-severity", "hint", "api.json");

        Assert.True(linted.ExitCode == 0, linted.Said);
    }
}
