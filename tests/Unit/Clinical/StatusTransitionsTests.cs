using MedCor.Clinical.Scheduling;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Unit.Clinical;

public sealed class StatusTransitionsTests
{
    [Fact]
    public void Only_these_moves_are_possible()
    {
        var possible = from status in Enum.GetValues<AppointmentStatus>()
                       from next in StatusTransitions.AllowedFrom(status, hasStarted: true)
                       select $"{status} -> {next}";
        Assert.Equal(
            ["Scheduled -> InProgress", "Scheduled -> Cancelled", "Scheduled -> NoShow", "InProgress -> Completed", "InProgress -> Cancelled"],
            possible);
    }

    [Fact]
    public void Before_it_begins_nobody_has_failed_to_come()
    {
        foreach (var status in Enum.GetValues<AppointmentStatus>())
            Assert.Equal(StatusTransitions.AllowedFrom(status, hasStarted: true).Where(s => s != AppointmentStatus.NoShow),
                StatusTransitions.AllowedFrom(status, hasStarted: false));
    }

    [Fact]
    public void A_refused_move_names_the_possible_ones()
    {
        var refusal = StatusTransitions.NotAllowed(AppointmentStatus.InProgress, hasStarted: true);
        Assert.Equal(409, refusal.Status);
        Assert.Contains("COMPLETED or CANCELLED", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["COMPLETED", "CANCELLED"], refusal.Details.Strings("allowed"));
    }
}
