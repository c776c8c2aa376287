namespace MedCor.Tests.Unit.OpenApi;

/// <summary>Tests that third-party tools accept the OpenAPI document.</summary>
public sealed class ThirdPartyToolTests
{
    [TypeScriptFact]
    public async Task A_client_generated_by_openapi_typescript_with_its_defaults_compiles()
    {
        Assert.True(TypeScriptFactAttribute.IsAvailable, TypeScriptFactAttribute.Missing);
        var npm = NpmPackages.Client;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), MappedRoutes.WriteOpenApiDocument());

        var generated = await npm.Run("node", "node_modules/openapi-typescript/bin/cli.js", "api.json", "-o", "api.d.ts");
        var compiled = await npm.Run("node", "node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext",
            "client.ts");

        Assert.True(generated.ExitCode == 0, generated.Said);
        Assert.True(compiled.ExitCode == 0, compiled.Said);
    }

    [SpectralFact]
    public async Task The_document_passes_Spectral_and_its_OWASP_ruleset()
    {
        var npm = NpmPackages.Spectral;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), MappedRoutes.WriteOpenApiDocument());
        File.Copy(Path.Combine(MedCorFixture.RepositoryRoot(), "docs/openapi/.spectral.yaml"), Path.Combine(npm.Directory, ".spectral.yaml"), overwrite: true);

        var linted = await npm.Run("node", "node_modules/@stoplight/spectral-cli/dist/index.js", "lint", "--fail-severity", "hint", "api.json");

        Assert.True(linted.ExitCode == 0, linted.Said);
    }
}
