//! Previews at the other end, for whoever looks at them here: what is wanted goes there, how they stand comes back for as long as this
//! side is there. Nothing runs on this machine, and what is shown is what the daemon saw.

use super::{
    address::Address,
    streams::goes_on,
    wire::{Trouble, Wire},
};
use crate::{
    domain::{
        digest::Digest,
        feed::Channel,
        picture,
        preview::{PHOTO_MOST, Photo, Preview, Stage},
        text::{clean, clean_line},
        time::Millis,
    },
    engine::state::State,
    runtime::previews::{PreviewsEnd, Shown, Want, change, put},
    server::pages::previews::{PhotoView, Piece},
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde_json::{Value, json};
use std::{collections::BTreeSet, convert::Infallible, sync::Arc};
use tokio::{
    sync::{mpsc, watch},
    time,
};

/// Before one that was lost is looked at again.
const AGAIN_AFTER: Millis = Millis::secs(2);
/// How long nothing comes before it is asked whether the mission has ended.
const QUIET: Millis = Millis::secs(3);
/// Characters of what is shown.
const WORDS_MOST: usize = 300;

/// Where they are told, and where from.
#[derive(Clone)]
struct Mirror {
    wire: Wire,
    shown: watch::Sender<Arc<Shown>>,
    states: watch::Receiver<Arc<State>>,
    address: Arc<Address>,
}

/// See the module.
pub(super) struct FarPreviews {
    wants: mpsc::Receiver<Want>,
    mirror: Mirror,
    followed: BTreeSet<Channel>,
    work: FuturesUnordered<BoxFuture<'static, Option<Channel>>>,
}

impl FarPreviews {
    /// Of a daemon.
    pub fn of(end: PreviewsEnd, wire: Wire, states: watch::Receiver<Arc<State>>, address: Address) -> Self {
        let PreviewsEnd { wants, shown } = end;
        let mirror = Mirror { wire, shown, states, address: Arc::new(address) };
        Self { wants, mirror, followed: BTreeSet::new(), work: FuturesUnordered::new() }
    }

    /// Serves until it is dropped, and every look with it.
    pub async fn serve(mut self) -> Infallible {
        loop {
            tokio::select! {
                biased;
                want = self.wants.recv() => match want {
                    Some(want) => self.take(want),
                    None => return std::future::pending().await,
                },
                Some(over) = self.work.next(), if !self.work.is_empty() => {
                    over.map(|channel| self.followed.remove(&channel));
                }
            }
        }
    }

    /// What is begun is followed, too, unless it is already.
    fn take(&mut self, want: Want) {
        let mirror = self.mirror.clone();
        let begun = match want {
            Want::Show(channel) => self.followed.insert(channel).then_some(channel),
            Want::Photograph(..) | Want::End(_) => None,
        };
        let work = async move {
            let taken = mirror.ask(want).await;
            match begun {
                Some(channel) if taken => mirror.follow(channel).await,
                _ => {}
            }
            begun
        };
        self.work.push(work.boxed());
    }
}

fn path(channel: Channel) -> String {
    format!("/api/previews/{}/{}", channel.mission, channel.team.map_or(0, |team| team.0))
}

impl Mirror {
    /// Gives what is wanted; whether it was taken. That none is begun is shown where it would be.
    async fn ask(&self, want: Want) -> bool {
        let (channel, path, body) = match want {
            Want::Show(channel) => (channel, path(channel), json!({})),
            Want::End(channel) => (channel, format!("{}/end", path(channel)), json!({})),
            Want::Photograph(channel, size) => {
                let body = json!({"width": size.width, "height": size.height});
                (channel, format!("{}/photo", path(channel)), body)
            }
        };
        let body = ("application/json", body.to_string().into_bytes());
        match (self.wire.post::<Value>(&path, body, None).await, want) {
            (Ok(_), _) => return true,
            (Err(trouble), Want::Show(_)) => self.fails(channel, &trouble),
            (Err(trouble), _) => tracing::info!(?want, ?trouble, "not done for a preview"),
        }
        false
    }

    fn fails(&self, channel: Channel, trouble: &Trouble) {
        let stage = Stage::Failed(clean_line(&trouble.words(), WORDS_MOST).to_string());
        let (url, tail) = (String::new(), Default::default());
        put(
            &self.shown,
            channel,
            Preview { attempt: 0, stage, url, reach: None, answer: None, photo: None, tail },
        );
    }

    /// Follows one while its mission goes on.
    async fn follow(&self, channel: Channel) {
        loop {
            let mut events = self.wire.stream(&path(channel), None);
            let why = loop {
                match time::timeout(QUIET.to_std(), events.next()).await {
                    Ok(Some(Ok(event))) => {
                        // Of another version: it stays as it is.
                        if let Ok(piece) = serde_json::from_str::<Piece>(&event.data) {
                            self.tell(channel, piece).await;
                        }
                    }
                    Ok(Some(Err(trouble @ Trouble::Refused { .. }))) => {
                        self.fails(channel, &trouble);
                        return;
                    }
                    Ok(Some(Err(Trouble::Lost(why)))) => break why,
                    Ok(None) => break "the other side has closed".to_owned(),
                    Err(_) if goes_on(&self.states.borrow(), channel) => {}
                    Err(_) => return,
                }
            };
            // Nobody may look at it any more; then it ends there, and is told so when the line is back.
            change(&self.shown, channel, |preview| {
                if preview.stage.lives() {
                    let why = clean_line(&why, WORDS_MOST);
                    preview.stage = Stage::Gone(format!("the line to it is lost ({why})"));
                    preview.photo = None;
                }
            });
            time::sleep(AGAIN_AFTER.to_std()).await;
            if !goes_on(&self.states.borrow(), channel) {
                return;
            }
        }
    }

    /// Shows what came. A photo comes after it, and only one that is not here.
    async fn tell(&self, channel: Channel, piece: Piece) {
        let Some(view) = piece.preview else {
            let tail = clean(&piece.tail);
            return change(&self.shown, channel, |preview| preview.tail = tail);
        };
        let told = view.photo.clone();
        let mut preview = view.preview(&piece.tail);
        preview.reach = self.address.reach(&preview.url).map(|words| clean_line(&words, WORDS_MOST));
        let before = self.shown.borrow().get(&channel).and_then(|preview| preview.photo.clone());
        let same = |photo: &Photo| told.as_ref() == Some(&PhotoView::from(photo));
        preview.photo = before.filter(same);
        let missing = told.filter(|_| preview.photo.is_none());
        put(&self.shown, channel, preview);
        if let Some(told) = missing {
            let png = self.bring(channel, &told).await;
            let photo = Photo { viewport: told.viewport(), png };
            change(&self.shown, channel, |preview| preview.photo = Some(photo));
        }
    }

    /// Brings a photo here, if it is what was told of it.
    async fn bring(&self, channel: Channel, told: &PhotoView) -> Result<Arc<[u8]>, String> {
        let Some(digest) = &told.digest else {
            return Err(clean_line(told.why.as_deref().unwrap_or_default(), WORDS_MOST).to_string());
        };
        let bytes = self.wire.bytes(&format!("{}/photo", path(channel))).await;
        let bytes = bytes.map_err(|trouble| format!("the photo did not come: {}", trouble.words()))?;
        let size = picture::size(&bytes).map(|size| (size.width, size.height));
        let fits = picture::kind(&bytes) == Some("image/png")
            && size == Some((told.width.into(), told.height.into()))
            && bytes.len() as u64 <= PHOTO_MOST;
        match fits && Digest::of(&bytes).to_string() == *digest {
            true => Ok(bytes.into()),
            // Another one has been taken meanwhile: it is told next.
            false => Err("the photo that came is another one".to_owned()),
        }
    }
}
