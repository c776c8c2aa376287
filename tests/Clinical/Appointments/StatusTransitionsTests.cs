using MedCor.Clinical.Scheduling;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Clinical.Appointments;

public sealed class StatusTransitionsTests
{
    [Fact]
    public void Only_these_moves_are_possible()
    {
        var possible = from status in Enum.GetValues<AppointmentStatus>() from next in StatusTransitions.AllowedFrom(status) select $"{status} -> {next}";
        Assert.Equal(
            ["Scheduled -> InProgress", "Scheduled -> Cancelled", "Scheduled -> NoShow", "InProgress -> Completed", "InProgress -> Cancelled"],
            possible);
    }

    [Fact]
    public void A_refused_move_names_the_possible_ones()
    {
        var refusal = StatusTransitions.NotAllowed(AppointmentStatus.InProgress);
        Assert.Equal(409, refusal.Status);
        Assert.Contains("COMPLETED or CANCELLED", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["COMPLETED", "CANCELLED"], refusal.Details["allowed"]!.AsArray().Select(a => (string)a!));
    }
}
