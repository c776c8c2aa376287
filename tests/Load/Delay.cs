namespace MedCor.Load;

/// <summary>Lets others work.</summary>
internal static class Delay
{
    public static async Task For(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }
}
