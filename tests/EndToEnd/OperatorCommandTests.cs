namespace MedCor.Tests.EndToEnd;

/// <summary>Tests operator commands in the running system.</summary>
public class OperatorCommandTests
{
    [Fact]
    public async Task A_command_runs_in_the_service_that_is_named_with_that_services_environment()
    {
        var system = await MedCorFixture.Get();

        // The command reads the database and the anchors, and finds neither without the service's environment. Its verdict does not matter here.
        var (exitCode, said) = await system.RunOperatorCommand("clinical", "verify-audit");

        Assert.True(exitCode is 0 or 1, said);
        Assert.Contains("The audit trail ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_nobody_knows_is_told_so()
    {
        var system = await MedCorFixture.Get();

        var (exitCode, said) = await system.RunOperatorCommand("clinical", "nonsense");
        Assert.Equal(64, exitCode);
        Assert.Contains("nonsense is not a command of this service. Commands: ", said, StringComparison.Ordinal);

        Assert.Equal(64, (await system.RunOperatorCommand("nonsense")).ExitCode);
    }

    [Theory]
    [InlineData("analytics rebuild --what", "rebuild accepts no arguments; remove --what.")]
    [InlineData("rebuild --what", "analytics: rebuild accepts no arguments; remove --what.")]
    [InlineData("identity migrate --what", "migrate --what is not a command of this service.")]
    [InlineData("clinical verify-audit --what", "--what is not a chain head")]
    [InlineData("clinical --what", "run clinical needs a command.")]
    [InlineData("clinical", "run clinical needs a command.")]
    public async Task What_a_command_does_not_take_is_refused_and_nothing_is_run(string line, string wrong)
    {
        var (exitCode, said) = await (await MedCorFixture.Get()).RunOperatorCommand(line.Split(' '));

        Assert.Equal(64, exitCode);
        Assert.Contains(wrong, said, StringComparison.Ordinal);
    }
}
