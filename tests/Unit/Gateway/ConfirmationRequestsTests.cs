using MedCor.Contracts;
using MedCor.Gateway.Mcp;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Gateway;

public sealed class ConfirmationRequestsTests
{
    private const string Secret = "9f8b1c7de02a4455a1d0c3b2e4f6a798";

    private static readonly byte[] Binding = [1, 2, 3];

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void A_question_can_be_answered_for_ten_minutes()
    {
        var requests = Create(Secret);
        var state = requests.Seal("key of the call", Binding);

        _clock.Now += TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1);
        Assert.Equal("key of the call", requests.Open(state, Binding));
        _clock.Now += TimeSpan.FromSeconds(1);

        Assert.Null(requests.Open(state, Binding));
    }

    [Fact]
    public void A_question_belongs_to_its_call()
    {
        var requests = Create(Secret);
        var state = requests.Seal("key", Binding);

        Assert.Null(requests.Open(state, [1, 2, 4]));
        Assert.Null(requests.Open(state[1..], Binding));
        Assert.Null(requests.Open(state[..^1], Binding));
        foreach (var foreign in (string[])["", ".", "a.b.c", "ä.ö", state.Replace('.', '-')]) Assert.Null(requests.Open(foreign, Binding));
    }

    [Fact]
    public void A_question_outlives_the_replacement_of_the_secret_once()
    {
        var state = Create(Secret).Seal("key", Binding);
        const string Next = "4be0d7a16c3f92885d1e0a7bc6f35429";

        Assert.Equal("key", Create(Next, previous: Secret).Open(state, Binding));
        Assert.Null(Create(Next).Open(state, Binding));
    }

    [Theory]
    [InlineData("delete_user")]
    [InlineData("delete_hospital")]
    [InlineData("cancel_subscription")]
    public async Task Nobody_is_asked_for_what_needs_a_more_recent_login(string tool)
    {
        var caller = new Caller(Guid.NewGuid(), "a@b.example", Role.Admin, null, Guid.NewGuid(), _clock.Now, _clock.Now.AddHours(1))
        {
            AuthenticatedAt = _clock.Now.AddMinutes(-16), StepUpAge = TimeSpan.FromMinutes(15),
        };
        var request = new McpRequest(null!, new InvocationContext(caller, "Bearer token", "request-1", null, "mcp"), null!, ToolSelection.Everything);

        await Assert.ThrowsAsync<StepUpRequired>(
            () => Create(Secret).RequireAsync(null!, request, ToolCatalogue.All[tool], default, idempotencyKey: null, CancellationToken.None));
    }

    private ConfirmationRequests Create(string secret, string? previous = null) =>
        new(null!, Options.Create(new McpOptions { StateSecret = secret, PreviousStateSecret = previous }), _clock);
}
