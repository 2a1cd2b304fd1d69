// Shows the merchant's answers as they come in: while a callback is under way, asks every half second.
const activity = document.getElementById('activity');

async function follow() {
    if (activity.querySelector('#payments').dataset.waiting !== 'yes') {
        return;
    }
    try {
        const answer = await fetch(activity.dataset.source);
        if (answer.ok) {
            activity.innerHTML = await answer.text();
        }
    } finally {
        setTimeout(follow, 500);
    }
}

setTimeout(follow, 200);
